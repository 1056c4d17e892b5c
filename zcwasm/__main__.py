"""`zcwasm` and `python -m zcwasm`."""

import sys

from zcwasm._cli import main

if __name__ == "__main__":
    sys.exit(main())
