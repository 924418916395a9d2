"""Owns removing what a run left in its scratch folder, however it is nested: no recursion, no long paths."""

import os
import stat


def empty(folder: str) -> bool:
    """Remove all that stands in a folder; return whether that worked.

    What lies in a folder is moved up before the folder is removed, so that the depth of nesting never matters.
    """
    moved = 0
    try:
        while names := os.listdir(folder):
            for name in names:
                path = os.path.join(folder, name)
                if not stat.S_ISDIR(os.lstat(path).st_mode):
                    os.unlink(path)
                    continue
                os.chmod(path, 0o700)
                for inner in os.listdir(path):
                    moved += 1
                    os.rename(os.path.join(path, inner), os.path.join(folder, f".moved-{moved}"))
                os.rmdir(path)
    except OSError:
        return False
    return True
