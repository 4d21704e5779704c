"""The job in which an action runs."""

from tests.support.github_job import caches, job

__all__ = ["caches", "job"]  # fixtures
