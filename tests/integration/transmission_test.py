# SPDX-License-Identifier: MIT OR Apache-2.0
"""weir and transmission, both directions."""

from matrix import Matrix

from clients.transmission import Transmission
from harness.case import Case, main


class TransmissionTest(Matrix, Case):
    client_class = Transmission


if __name__ == "__main__":
    main()
