// core.cpp: what compilers make of C++ without a library; tests/toolchains.py builds and calls it. Virtual calls,
// pointers to members, closures, templates, static objects.
extern "C" void *memset(void *to, int byte, __SIZE_TYPE__ size)
{
    for (__SIZE_TYPE__ i = 0; i < size; i++) {
        static_cast<char *>(to)[i] = static_cast<char>(byte);
    }
    return to;
}

namespace
{

struct Shape {
    virtual double area() const = 0;
    virtual int corners() const
    {
        return 0;
    }
    double scaled(double by) const
    {
        return area() * by;
    }
};

struct Square : Shape {
    double side;
    constexpr explicit Square(double side) : side(side) {}
    double area() const override
    {
        return side * side;
    }
    int corners() const override
    {
        return 4;
    }
};

struct Named {
    virtual const char *name() const
    {
        return "none";
    }
};

struct Circle : Named, Shape {
    double radius;
    constexpr explicit Circle(double radius) : radius(radius) {}
    double area() const override
    {
        return radius * radius * 3.25;
    }
    const char *name() const override
    {
        return "circle";
    }
};

template <typename Item, int size> struct Stack {
    Item items[size] = {};
    int count = 0;
    void push(Item item)
    {
        items[count++] = item;
    }
    template <typename Function> Item fold(Item start, Function function) const
    {
        for (int i = 0; i < count; i++) {
            start = function(start, items[i]);
        }
        return start;
    }
};

constinit Square square(3);
constinit Circle circle(2);
const Shape *volatile shapes[] = {&square, &circle};
double (Shape::*volatile measure)(double) const = &Shape::scaled;
int (Shape::*volatile corners)() const = &Shape::corners;

} // namespace

extern "C" __attribute__((export_name("shapes"))) double all_shapes(double by)
{
    double total = 0;
    for (const Shape *shape : shapes) {
        total += (shape->*measure)(by) + (shape->*corners)();
    }
    const Named &named = circle;
    return total + named.name()[0];
}

extern "C" __attribute__((export_name("fold"))) long long fold(int count, int by)
{
    Stack<long long, 64> stack;
    for (int i = 0; i < count; i++) {
        stack.push(i * static_cast<long long>(by));
    }
    long long (*volatile pointer)(long long, long long) = [](long long a, long long b) { return a * 3 + b; };
    return stack.fold(1, [by](long long a, long long b) { return a + b * by; }) + stack.fold(by, pointer);
}
