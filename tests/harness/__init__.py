# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the integration and the hostile tests share: a private network, processes, content, torrents,
a tracker, the program under test and the test case that puts them together and away."""
