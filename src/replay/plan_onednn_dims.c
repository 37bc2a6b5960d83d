/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of a line as texts: words with a key, and the two ways in which a problem says its
 * sizes. */
#include <string.h>
#include "replay/plan_onednn.h"

/* ---- "alg:eltwise_relu axis:1" ------------------------------------------------------- */

erg_field erg_dnn_word(erg_field field, const char *key)
{
    size_t length = strlen(key);
    const char *at = field.count > length
        ? memmem(field.text, field.count, key, length) : NULL;
    erg_field word = { "", 0 };

    if (!at) return word;
    word.text = at + length;
    while (word.text + word.count < field.text + field.count
           && word.text[word.count] != ' ')
        word.count++;
    return word;
}

int64_t erg_dnn_value(erg_field field, const char *key)
{
    erg_field word = erg_dnn_word(field, key);
    int64_t value = 0;

    if (word.count == 0 || word.count > 9) return -1;
    for (size_t i = 0; i < word.count; i++) {
        if (word.text[i] < '0' || word.text[i] > '9') return -1;
        value = 10 * value + (word.text[i] - '0');
    }
    return value;
}

/* ---- "128x256:256x512" --------------------------------------------------------------- */

/* Moves on behind the number; false: none, or none that a count can hold. */
static bool take_number(erg_field *text, int64_t *to)
{
    size_t i = 0;

    *to = 0;
    for (; i < text->count && text->text[i] >= '0' && text->text[i] <= '9'; i++)
        if (i == 12) return false;
        else *to = 10 * *to + (text->text[i] - '0');
    text->text += i;
    text->count -= i;
    return i > 0;
}

static bool take_shape(erg_field *text, erg_dnn_shape *to)
{
    for (to->rank = 0; to->rank < ERG_SIGNATURE_RANK;) {
        if (!take_number(text, &to->dims[to->rank++])) return false;
        if (text->count == 0 || text->text[0] != 'x') return true;
        text->text++;
        text->count--;
    }
    return false;
}

size_t erg_dnn_shapes_read(erg_field text, erg_dnn_shape to[ERG_DNN_SHAPES])
{
    size_t count = 0;

    while (count < ERG_DNN_SHAPES && take_shape(&text, &to[count])) {
        count++;
        if (text.count == 0) return count;
        if (text.text[0] != ':') return 0;
        text.text++;
        text.count--;
        if (text.count == 0) return count;
    }
    return 0;
}

/* ---- "mb1_ic3oc64_ih224oh112kh7sh2dh0ph3" -------------------------------------------- */

bool erg_dnn_letters_read(erg_field text, erg_dnn_letters *to)
{
    to->count = 0;
    while (text.count > 0) {
        if (text.text[0] == '_') {
            text.text++;
            text.count--;
            continue;
        }
        size_t key = 0;
        while (key < text.count && text.text[key] >= 'a' && text.text[key] <= 'z') key++;
        if (key == 0 || key > 2 || to->count == ERG_COUNT(to->list)) return false;
        memset(to->list[to->count].key, 0, 3);
        memcpy(to->list[to->count].key, text.text, key);
        text.text += key;
        text.count -= key;
        if (!take_number(&text, &to->list[to->count++].value)) return false;
    }
    return to->count > 0;
}

int64_t erg_dnn_letter(const erg_dnn_letters *from, const char *key, int64_t absent)
{
    for (size_t i = 0; i < from->count; i++)
        if (strcmp(from->list[i].key, key) == 0) return from->list[i].value;
    return absent;
}
