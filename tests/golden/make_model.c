// make_model NAME FILE: writes the model of that name, for the scripts in make/.
#include <stdio.h>

#include "model_file.h"

int main(int argc, char **argv)
{
    if (argc == 3 && model_file_write(argv[1], argv[2]))
        return 0;
    fprintf(stderr, "usage: make_model NAME FILE; names:");
    for (size_t i = 0; decoder_recipe_at(i); i++)
        fprintf(stderr, " %s", decoder_recipe_at(i)->name);
    for (size_t i = 0; tower_recipe_at(i); i++)
        fprintf(stderr, " %s", tower_recipe_at(i)->name);
    fprintf(stderr, "\n");
    return 2;
}
