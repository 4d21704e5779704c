"""The job in which an action runs."""

from tests.support.github_job import caches, github, job, workflow_job

__all__ = ["caches", "github", "job", "workflow_job"]  # fixtures
