"""What every room uses: problems, settings, the model, periods, text, files handed in, and the operating system."""
