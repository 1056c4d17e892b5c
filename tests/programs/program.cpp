// program.cpp: an ordinary C++ program for WASI; tests/toolchains.py builds it, runs it and compares what it prints.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

struct Animal {
    virtual ~Animal() = default;
    virtual std::string speak() const = 0;
};

struct Cat : Animal {
    std::string speak() const override
    {
        return "meow";
    }
};

struct Cow : Animal {
    int times;
    explicit Cow(int times) : times(times) {}
    std::string speak() const override
    {
        std::string all;
        for (int i = 0; i < times; i++) {
            all += i ? " moo" : "moo";
        }
        return all;
    }
    ~Cow() override
    {
        std::puts("a cow is gone");
    }
};

int main(int argc, char **argv)
{
    std::vector<std::unique_ptr<Animal>> animals;
    animals.push_back(std::make_unique<Cat>());
    animals.push_back(std::make_unique<Cow>(argc));
    for (const auto &animal : animals) {
        std::cout << animal->speak() << (dynamic_cast<const Cow *>(animal.get()) ? "!" : ".") << std::endl;
    }
    std::map<std::string, std::vector<int>> words;
    std::istringstream text("the cat and the cow and the dog");
    std::string word;
    for (int i = 0; text >> word; i++) {
        words[word].push_back(i);
    }
    std::vector<std::function<double(double)>> functions;
    for (const auto &entry : words) {
        const double sum = std::accumulate(entry.second.begin(), entry.second.end(), 0.0);
        functions.push_back([sum, &entry](double x) { return x * sum + static_cast<double>(entry.first.size()); });
    }
    std::sort(functions.begin(), functions.end(), [](auto &a, auto &b) { return a(1) > b(1); });
    for (auto &function : functions) {
        std::cout << function(2.5) << ' ';
    }
    std::cout << std::hex << 48879 << ' ' << argv[argc - 1] << '\n';
    return static_cast<int>(words.size());
}
