"""The files of a working tree or a commit, read safely; git; which commit is the base; what changed since."""
