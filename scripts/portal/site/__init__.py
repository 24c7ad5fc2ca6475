"""From pages to a published site: stage, render, index, verify and put in place."""
