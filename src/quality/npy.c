/* SPDX-License-Identifier: Apache-2.0 */
/* .npy, as numpy.lib.format describes it; the header is read strictly. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "quality/array.h"

enum { MAGIC_BYTES = 6, ELEMENTS_MOST = 1 << 30 };

/* Of dims, 1 where there is none; SIZE_MAX: more than are held at once. */
static size_t elements(const size_t dims[], int rank)
{
    size_t count = 1;

    for (int i = 0; i < rank; i++) {
        if (dims[i] && count > ELEMENTS_MOST / dims[i])
            return SIZE_MAX;
        count *= dims[i];
    }
    return count;
}

erg_array *erg_array_new(const size_t dims[], int rank, erg_error *err)
{
    size_t count = elements(dims, rank);
    erg_array *array = count < SIZE_MAX ? calloc(1, sizeof(*array)) : NULL;

    if (!array || !(array->values = malloc((count + 1) * sizeof(double)))) {
        free(array);
        erg_fail(err, ERG_NO_MEMORY, "an array is too large");
        return NULL;
    }
    array->rank = rank;
    for (int i = 0; i < ERG_RANK_MOST; i++)
        array->dims[i] = i < rank ? dims[i] : 1;
    return array;
}

void erg_array_free(erg_array *array)
{
    if (!array)
        return;
    free(array->values);
    free(array);
}

/* ---- the header: a Python dictionary of three keys ----------------------------------- */

typedef struct npy_header {
    char descr[16];
    bool fortran;
    size_t dims[ERG_RANK_MOST];
    int rank;
} npy_header;

/* What is still to be read; failed stays so. */
typedef struct npy_cursor { const char *at, *end; bool failed; } npy_cursor;

static void skip_blanks(npy_cursor *from)
{
    while (from->at < from->end && (*from->at == ' ' || *from->at == '\n'))
        from->at++;
}

static bool take(npy_cursor *from, const char *word)
{
    size_t count = strlen(word);

    skip_blanks(from);
    if ((size_t)(from->end - from->at) < count || memcmp(from->at, word, count) != 0)
        return false;
    from->at += count;
    return true;
}

static void want(npy_cursor *from, const char *word) { from->failed |= !take(from, word); }

static void read_quoted(npy_cursor *from, char to[16])
{
    skip_blanks(from);
    char quote = from->at < from->end ? *from->at : '\0';
    const char *begin = from->at + 1;
    const char *end = quote == '\'' || quote == '"'
        ? memchr(begin, quote, (size_t)(from->end - begin)) : NULL;

    if (!end || end - begin > 15) {
        from->failed = true;
        return;
    }
    memcpy(to, begin, (size_t)(end - begin));
    to[end - begin] = '\0';
    from->at = end + 1;
}

static void read_dim(npy_cursor *from, size_t *to)
{
    size_t value = 0;
    const char *begin;

    skip_blanks(from);
    for (begin = from->at; from->at < from->end && *from->at >= '0' && *from->at <= '9';
         from->at++)
        value = value > ELEMENTS_MOST ? value : 10 * value + (size_t)(*from->at - '0');
    from->failed |= from->at == begin;
    *to = value;
}

static void read_shape(npy_cursor *from, npy_header *to)
{
    want(from, "(");
    while (!from->failed && !take(from, ")")) {
        if (to->rank == ERG_RANK_MOST) {
            from->failed = true;
            return;
        }
        read_dim(from, &to->dims[to->rank++]);
        if (!take(from, ",")) {
            want(from, ")");
            return;
        }
    }
}

static bool read_header(npy_cursor *from, npy_header *to)
{
    enum { DESCR = 1, FORTRAN = 2, SHAPE = 4 };
    unsigned seen = 0;
    char key[16] = "";

    want(from, "{");
    while (!from->failed && !take(from, "}")) {
        read_quoted(from, key);
        want(from, ":");
        unsigned one = strcmp(key, "descr") == 0 ? DESCR
                     : strcmp(key, "fortran_order") == 0 ? FORTRAN
                     : strcmp(key, "shape") == 0 ? SHAPE : 0;
        from->failed |= one == 0 || (seen & one);
        seen |= one;
        if (one == DESCR)
            read_quoted(from, to->descr);
        else if (one == SHAPE)
            read_shape(from, to);
        else if (!(to->fortran = take(from, "True")))
            want(from, "False");
        if (!take(from, ",")) {
            want(from, "}");
            break;
        }
    }
    skip_blanks(from);
    return !from->failed && seen == (DESCR | FORTRAN | SHAPE) && from->at == from->end;
}

/* ---- numbers ------------------------------------------------------------------------- */

static uint64_t little(const unsigned char *bytes, int count)
{
    uint64_t value = 0;

    for (int i = count; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* IEEE 754 binary16. */
static double half(const unsigned char *bytes)
{
    unsigned bits = (unsigned)little(bytes, 2), exponent = bits >> 10 & 31,
             part = bits & 1023;
    double value = exponent == 31 ? (part ? NAN : INFINITY)
                 : exponent ? ldexp(1024 + part, (int)exponent - 25) : ldexp(part, -24);
    return bits >> 15 ? -value : value;
}

static double single(const unsigned char *bytes)
{
    uint32_t bits = (uint32_t)little(bytes, 4);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return (double)value;
}

static double whole(const unsigned char *bytes)
{
    uint64_t bits = little(bytes, 8);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static const struct {
    const char *descr;
    size_t bytes;
    double (*read)(const unsigned char *);
} kinds[] = { { "<f4", 4, single }, { "<f8", 8, whole }, { "<f2", 2, half } };

static bool read_values(const char *name, erg_array *to, size_t kind,
                        const unsigned char *bytes, erg_error *err)
{
    size_t row_size = to->dims[1] * to->dims[2], count = to->dims[0] * row_size;

    for (size_t i = 0; i < count; i++) {
        to->values[i] = kinds[kind].read(bytes + i * kinds[kind].bytes);
        if (!isfinite(to->values[i]))
            return erg_fail(err, ERG_BAD_INPUT, "%s: row %zu holds %g", name,
                            i / row_size + 1, to->values[i]);
    }
    return true;
}

/* kinds' index, or a sentence. */
static bool find_kind(const char *name, const npy_header *header, size_t *kind,
                      erg_error *err)
{
    for (*kind = 0; *kind < ERG_COUNT(kinds); ++*kind)
        if (strcmp(kinds[*kind].descr, header->descr) == 0)
            break;
    if (*kind == ERG_COUNT(kinds))
        return erg_fail(err, ERG_BAD_INPUT,
                        "%s holds '%s'; only little-endian floats <f2, <f4 "
                        "and <f8 are read", name, header->descr);
    if (header->fortran)
        return erg_fail(err, ERG_BAD_INPUT, "%s is in Fortran order; save "
                        "numpy.ascontiguousarray of it", name);
    return header->rank > 0
        || erg_fail(err, ERG_BAD_INPUT, "%s holds a single number", name);
}

static bool find_header(const unsigned char *bytes, size_t size, npy_cursor *to)
{
    size_t at = MAGIC_BYTES + 2, count;

    if (size < at + 4 || memcmp(bytes, "\x93NUMPY", MAGIC_BYTES) != 0 || bytes[7] != 0
        || (bytes[6] != 1 && bytes[6] != 2))
        return false;
    count = (size_t)little(bytes + at, bytes[6] == 1 ? 2 : 4);
    at += bytes[6] == 1 ? 2 : 4;
    *to = (npy_cursor){ (const char *)bytes + at, (const char *)bytes + at + count, false };
    return count <= size - at;
}

erg_array *erg_array_parse(const char *name, const unsigned char *bytes, size_t size,
                           erg_error *err)
{
    npy_cursor cursor;
    npy_header header = { .descr = "" };
    size_t kind;

    if (!find_header(bytes, size, &cursor) || !read_header(&cursor, &header)) {
        erg_fail(err, ERG_BAD_INPUT, "%s is not a .npy file of version 1.0 or 2.0 with one "
                 "array of at most %d dimensions", name, ERG_RANK_MOST);
        return NULL;
    }
    if (!find_kind(name, &header, &kind, err))
        return NULL;
    size_t held = size - (size_t)((const unsigned char *)cursor.end - bytes);
    size_t count = elements(header.dims, header.rank);
    if (count < SIZE_MAX && held != count * kinds[kind].bytes) {
        erg_fail(err, ERG_BAD_INPUT, "%s holds %zu bytes of numbers, its shape needs %zu",
                 name, held, count * kinds[kind].bytes);
        return NULL;
    }
    erg_array *array = erg_array_new(header.dims, header.rank, err);
    if (array
        && read_values(name, array, kind, (const unsigned char *)cursor.end, err))
        return array;
    erg_array_free(array);
    return NULL;
}

erg_array *erg_array_load(const char *path, int rank, erg_error *err)
{
    size_t size = 0;
    char *bytes = erg_file_read(path, (size_t)1 << 33, &size, err);
    erg_array *array = bytes
        ? erg_array_parse(path, (unsigned char *)bytes, size, err) : NULL;

    free(bytes);
    if (!array || array->rank == rank)
        return array;
    erg_fail(err, ERG_BAD_INPUT, "%s has %d dimension%s; %d are needed", path, array->rank,
             array->rank == 1 ? "" : "s", rank);
    erg_array_free(array);
    return NULL;
}
