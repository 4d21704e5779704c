"""The job in which an action runs."""

from tests.support.github_job import caches, job, workflow_job

__all__ = ["caches", "job", "workflow_job"]  # fixtures
