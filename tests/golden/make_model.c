// make_model NAME FILE: writes the model of that name (decoder_recipes.c, tower_file.c), for the
// scripts in make/.
#include <stdio.h>

#include "model_file.h"

int main(int argc, char **argv)
{
    if (argc == 3 && model_file_write(argv[1], argv[2]))
        return 0;
    fprintf(stderr, argc == 3 ? "there is no model \"%s\"\n" : "usage: %s NAME FILE\n",
            argv[argc == 3]);
    return 2;
}
