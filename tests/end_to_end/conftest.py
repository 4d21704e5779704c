"""The job in which an action runs."""

from tests.support.github_job import caches, github, job

__all__ = ["caches", "github", "job"]  # fixtures
