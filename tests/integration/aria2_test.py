# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir and aria2, both directions."""

from matrix import Matrix

from clients.aria2 import Aria2
from harness.case import Case, main


class Aria2Test(Matrix, Case):
    client_class = Aria2


if __name__ == "__main__":
    main()
