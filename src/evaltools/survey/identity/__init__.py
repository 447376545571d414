"""Which answers are of one firm: by its code, else by its name and telephone, seen only inside the secure step."""
