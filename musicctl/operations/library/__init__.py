"""Lists and changes what listeners have in the app's tables; imports and exports it with `files`."""
