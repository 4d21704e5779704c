"""A request in any spelling → the Messages API's, or a sentence that says why not."""
