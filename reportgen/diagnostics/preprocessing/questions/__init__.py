"""One module a question: each looks at what is received and answers one code."""
