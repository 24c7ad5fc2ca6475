"""What every folder of the code uses: problems, settings, the model, periods, text, input files and the operating system."""
