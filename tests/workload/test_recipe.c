/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes: what is read, what is refused, and the argument vectors of a grid. */
#include "test.h"
#include "workload/recipe.h"

#define DATA ERG_TEST_SOURCE "/data"

static erg_recipe *parse(const char *text, erg_error *err)
{
    return erg_recipe_parse("dir/x.json", text, strlen(text), err);
}

/* Words with blanks between. */
static void check_argv(const erg_recipe_choice *choice, const char *want)
{
    erg_text joined = { 0 };

    for (size_t i = 0; i < choice->argc; i++)
        erg_text_add(&joined, "%s%s", i ? " " : "", choice->argv[i]);
    CHECK(choice->argv[choice->argc] == NULL);
    CHECK_TEXT(joined.data, want);
    erg_text_free(&joined);
}

static const char small[] =
    "{\"name\":\"x\",\"about\":\"a\",\"unit\":\"token\","
    "\"command\":[\"run\",\"--a={a}-{b}\",\"{c}\"],"
    "\"settings\":{\"a\":[\"p\",\"q\"],\"b\":[1,2.5],\"c\":[\"; rm -rf /\",\"$HOME\"]},"
    "\"defaults\":{\"b\":2.5},\"baseline\":{\"a\":\"q\"},\"open\":[\"c\"],"
    "\"by\":{\"a\":{\"q\":{\"b\":1}}}}";

static void a_grid_varies_the_last_setting_fastest(void)
{
    static const char *const sets[] = { "c=u,v", "a=p,q" };
    erg_error err = { 0 };
    erg_recipe *recipe = parse(small, &err);
    CHECK_OK(recipe, err);
    erg_recipe_grid *grid = erg_recipe_grid_new(recipe, sets, 2, false, &err);
    CHECK_OK(grid, err);
    CHECK(erg_recipe_grid_count(grid) == 4);
    check_argv(erg_recipe_grid_at(grid, 0), "run --a=p-2.5 u");
    check_argv(erg_recipe_grid_at(grid, 1), "run --a=p-2.5 v");
    check_argv(erg_recipe_grid_at(grid, 2), "run --a=q-1 u");
    CHECK_TEXT(erg_recipe_grid_at(grid, 3)->settings, "a=q,b=1,c=v");
    CHECK(erg_recipe_grid_at(grid, 3)->is_baseline
          && !erg_recipe_grid_at(grid, 1)->is_baseline);
    CHECK(!erg_recipe_grid_at(grid, 4));
    erg_recipe_grid_free(grid);
    erg_recipe_free(recipe);
}

/* A value is one argument, whatever it holds; a rule gives way to what is set. */
static void defaults_are_filled_without_a_shell(void)
{
    static const char *const sets[] = { "a=q", "b=2.5" };
    erg_recipe *recipe = parse(small, NULL);
    erg_recipe_grid *grid = erg_recipe_grid_new(recipe, NULL, 0, false, NULL);

    CHECK(erg_recipe_grid_count(grid) == 1 && erg_recipe_grid_at(grid, 0)->argc == 3);
    CHECK_TEXT(erg_recipe_grid_at(grid, 0)->argv[2], "; rm -rf /");
    erg_recipe_grid_free(grid);
    grid = erg_recipe_grid_new(recipe, sets, 2, false, NULL);
    CHECK_TEXT(erg_recipe_grid_at(grid, 0)->argv[1], "--a=q-2.5");
    erg_recipe_grid_free(grid);
    erg_recipe_free(recipe);
}

static void a_value_that_is_not_listed_needs_force(void)
{
    static const struct { const char *set; bool force; const char *says; } rows[] = {
        { "a=z", false, "--force" }, { "a=z", true, NULL },   { "c=z", false, NULL },
        { "d=1", true, "no setting 'd'" }, { "a", true, "no setting 'a'" },
        { "a=", true, "empty" },       { "a=p,,q", true, "empty" },
        { "a=p,p", false, "twice" },
    };
    erg_recipe *recipe = parse(small, NULL);

    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        erg_recipe_grid *grid = erg_recipe_grid_new(recipe, &rows[i].set, 1,
                                                    rows[i].force, &err);
        CHECK((grid != NULL) == (rows[i].says == NULL));
        if (rows[i].says && !strstr(err.text, rows[i].says))
            CHECK_TEXT(err.text, rows[i].says);
        erg_recipe_grid_free(grid);
    }
    erg_recipe_free(recipe);
}

static void a_wrong_file_is_refused(void)
{
#define HEAD "{\"name\":\"x\",\"about\":\"a\",\"unit\":\"t\","
    static const struct { const char *text, *says; } rows[] = {
        { "[]", "is an object" },
        { "{\"name\":1}", "name" },
        { HEAD "\"settings\":{}}", "command" },
        { HEAD "\"settings\":{},\"command\":[]}", "command" },
        { HEAD "\"settings\":{},\"command\":[\"{a}\"]}", "hole has no setting" },
        { HEAD "\"settings\":{\"a\":[1]},\"command\":[\"x\"]}", "no hole for a" },
        { HEAD "\"settings\":{\"a\":[1]},\"command\":[\"{a\"]}", "not closed" },
        { HEAD "\"settings\":{\"a\":[]},\"command\":[\"{a}\"]}", "no setting can be a" },
        { HEAD "\"settings\":{\"a\":[[]]},\"command\":[\"{a}\"]}", "neither" },
        { HEAD "\"settings\":{\"a\":[1]},\"command\":[\"{a}\"],\"defaults\":{\"a\":2}}",
          "among" },
        { HEAD "\"settings\":{\"a\":[1]},\"command\":[\"{a}\"],\"baseline\":{\"b\":2}}",
          "setting b" },
        { HEAD "\"settings\":{\"a\":[1]},\"command\":[\"{a}\"],\"by\":{\"a\":{\"2\":{}}}}",
          "2" },
        { HEAD "\"settings\":{\"a\":[1]},\"command\":[\"{a}\"],\"warmup\":-1}", "warmup" },
        { "{\"name\":", "x.json:1" },
    };
    for (size_t i = 0; i < ERG_COUNT(rows); i++) {
        erg_error err = { 0 };
        CHECK(!parse(rows[i].text, &err));
        CHECK(err.code == ERG_BAD_INPUT);
        if (!strstr(err.text, rows[i].says))
            CHECK_TEXT(err.text, rows[i].says);
    }
}

/* ---- the files of erg --------------------------------------------------------------- */

static const char *const names[] = { "burn", "llama", "lstm", "stable-diffusion", "vit",
                                     "whisper", "yolo" };

/* After the interpreter and the program. */
static const char *const vectors[] = {
    "--precision fp16 --seconds 0.02 --units 24",
    "--model huggyllama/llama-7b --precision fp16 --batch 1 --context 512 --prompts short "
    "--new-tokens 128",
    "--batch 1024 --phase inference --precision fp32",
    "--model sd-v1.5 --precision fp16 --scheduler dpm++ --resolution 512 --steps 50 "
    "--guidance 7.5 --batch 1",
    "--model google/vit-base-patch16-224 --precision fp16 --batch 4 --images 1200",
    "--model tiny --precision fp16 --batch 1 --beam 1 --audio 30",
    "--model yolov8n --size 640 --confidence 0.25 --precision fp16 --batch 1",
};

static void every_profile_has_its_runner_and_its_usual_arguments(void)
{
    for (size_t i = 0; i < ERG_COUNT(names); i++) {
        erg_error err = { 0 };
        erg_recipe *recipe = erg_recipe_load(DATA, names[i], &err);
        CHECK_OK(recipe, err);
        const erg_recipe_facts *facts = erg_recipe_facts_of(recipe);
        CHECK_TEXT(facts->name, names[i]);
        CHECK(facts->quality_count > 0 && facts->unit && facts->work_metric
              && facts->warmup >= 0);
        erg_recipe_grid *grid = erg_recipe_grid_new(recipe, NULL, 0, false, &err);
        CHECK_OK(grid, err);
        erg_recipe_choice choice = *erg_recipe_grid_at(grid, 0);
        CHECK_TEXT(choice.argv[0], "python3");
        CHECK(access(choice.argv[1], R_OK) == 0);
        choice.argv += 2;
        choice.argc -= 2;
        check_argv(&choice, vectors[i]);
        erg_recipe_grid_free(grid);
        erg_recipe_free(recipe);
    }
}

static void the_model_of_an_image_decides_its_size_and_steps(void)
{
    static const char *const set[] = { "model=sd-v1.4,sdxl,sd-turbo" };
    static const char *const parts[] = { "resolution=512,steps=50,guidance=7.5",
        "resolution=1024,steps=30,guidance=7.5", "resolution=512,steps=4,guidance=0" };
    erg_recipe *recipe = erg_recipe_load(DATA, "stable-diffusion", NULL);
    erg_recipe_grid *grid = erg_recipe_grid_new(recipe, set, 1, false, NULL);

    for (size_t i = 0; i < ERG_COUNT(parts); i++)
        CHECK(strstr(erg_recipe_grid_at(grid, i)->settings, parts[i]));
    erg_recipe_grid_free(grid);
    erg_recipe_free(recipe);
}

static void profiles_are_listed_by_name(void)
{
    erg_error err = { 0 };
    erg_result *result = erg_recipe_list(DATA, &err);
    CHECK_OK(result, err);
    const erg_table *table = erg_result_find(result, "profiles");
    CHECK(erg_table_row_count(table) == ERG_COUNT(names));
    for (size_t i = 0; i < ERG_COUNT(names); i++)
        CHECK_TEXT(erg_table_find(table, i, "profile").text, names[i]);
    CHECK(strstr(erg_table_find(table, 1, "settings").text, "precision=fp16,fp32,bf16"));
    erg_result_free(result);
    CHECK(!erg_recipe_load(DATA, "nothing", &err));
    CHECK(err.code == ERG_NOT_FOUND && strstr(err.text, "--profile list"));
    CHECK(!erg_recipe_load(DATA, "../secret", &err) && err.code == ERG_NOT_FOUND);
}

/* 5000 x 15 + 4 (15 + 10 + 1) 10 + 11. */
static void the_lstm_has_the_parameters_that_its_notes_say(void)
{
    erg_recipe *recipe = erg_recipe_load(DATA, "lstm", NULL);
    CHECK(5000 * 15 + 4 * (15 + 10 + 1) * 10 + 11 == 76051);
    CHECK(strstr(erg_recipe_facts_of(recipe)->notes, "76,051 parameters"));
    erg_recipe_free(recipe);
}

int main(void)
{
    static const test tests[] = {
        TEST(a_grid_varies_the_last_setting_fastest),
        TEST(defaults_are_filled_without_a_shell),
        TEST(a_value_that_is_not_listed_needs_force),
        TEST(a_wrong_file_is_refused),
        TEST(every_profile_has_its_runner_and_its_usual_arguments),
        TEST(the_model_of_an_image_decides_its_size_and_steps),
        TEST(profiles_are_listed_by_name),
        TEST(the_lstm_has_the_parameters_that_its_notes_say),
    };
    return test_run(tests, ERG_COUNT(tests));
}
