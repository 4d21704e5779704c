"""The Admin API of an organization, GET only: queries → requests → pages of lists → rows → `UsageData`.

Parameters and shapes: the API reference for `usage_report/messages`, `cost_report`, `analytics/usage`, `analytics/cost`,
`workspaces` and `api_keys`, November 2026.
"""
