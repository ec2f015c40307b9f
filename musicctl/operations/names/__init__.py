"""Shows and sets display names, one or many; writes them through `runs`, reads lists with `files`."""
