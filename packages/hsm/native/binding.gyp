{
  "targets": [
    {
      "target_name": "function-list",
      "sources": ["function-list.c"],
      "cflags": ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden"],
      "defines": ["_GNU_SOURCE"],
    }
  ]
}
