"""The job in which an action runs, and a report of the organization."""

from tests.support.github_job import caches, job
from tests.usage.conftest import run

__all__ = ["caches", "job", "run"]  # fixtures
