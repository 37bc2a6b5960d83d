/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of ONNX Runtime's C interface that erg calls, in our own words, from its public
 * reference (onnxruntime.ai/docs/api/c). Nothing is linked: the library is opened with
 * dlopen, and gives a table of functions whose places never change: new ones come behind.
 * Places were compared with the header of version 22.
 */
#ifndef ERG_QUALITY_ONNXRUNTIME_ABI_H
#define ERG_QUALITY_ONNXRUNTIME_ABI_H

#include <stddef.h>
#include <stdint.h>

/* Every call that can fail returns one; NULL: it went well. */
typedef struct ort_status *ort_result;
typedef struct ort_env ort_env;
typedef struct ort_session ort_session;
typedef struct ort_options ort_options;
typedef struct ort_value ort_value;
typedef struct ort_memory ort_memory;
typedef struct ort_type ort_type;
typedef struct ort_shape ort_shape;
typedef struct ort_allocator ort_allocator;

/* Of ONNX Runtime 1.11 (2022); later ones give it too. */
enum { ORT_VERSION = 11, ORT_PLACES = 101 };
enum { ORT_LOG_FATAL = 4 };
/* The fusions that hold on every processor, and no layouts made for this one. */
enum { ORT_OPTIMIZE_EXTENDED = 2 };
enum { ORT_RUN_IN_ORDER = 0 };
enum { ORT_FLOAT = 1, ORT_INT32 = 6, ORT_INT64 = 7 };   /* element types */
enum { ORT_PLAIN_ALLOCATOR = 0, ORT_MEMORY_DEFAULT = 0 };

typedef struct ort_base {
    const void *const *(*get)(uint32_t version);        /* the table; NULL: too old */
    const char *(*version)(void);
} ort_base;

/* Our slots; onnxruntime_open.c says the place of each in the table. */
typedef struct ort_api {
    const char *(*error_text)(ort_result result);
    ort_result (*env_new)(int log_level, const char *name, ort_env **out);
    ort_result (*telemetry_off)(const ort_env *env);
    ort_result (*session_new)(const ort_env *env, const void *model, size_t size,
                              const ort_options *options, ort_session **out);
    ort_result (*run)(ort_session *session, const void *run_options,
                      const char *const *input_names, const ort_value *const *inputs,
                      size_t input_count, const char *const *output_names,
                      size_t output_count, ort_value **outputs);
    ort_result (*options_new)(ort_options **out);
    ort_result (*set_order)(ort_options *options, int order);
    ort_result (*set_log_level)(ort_options *options, int level);
    ort_result (*set_optimization)(ort_options *options, int level);
    ort_result (*set_threads_within)(ort_options *options, int count);
    ort_result (*set_threads_between)(ort_options *options, int count);
    ort_result (*input_count)(const ort_session *session, size_t *out);
    ort_result (*output_count)(const ort_session *session, size_t *out);
    ort_result (*input_type)(const ort_session *session, size_t index, ort_type **out);
    ort_result (*input_name)(const ort_session *session, size_t index, ort_allocator *with,
                             char **out);
    ort_result (*output_name)(const ort_session *session, size_t index, ort_allocator *with,
                              char **out);
    ort_result (*tensor_over)(const ort_memory *memory, void *data, size_t bytes,
                              const int64_t *dims, size_t rank, int element,
                              ort_value **out);
    ort_result (*is_tensor)(const ort_value *value, int *out);
    ort_result (*tensor_data)(ort_value *value, void **out);
    ort_result (*tensor_shape)(const ort_value *value, ort_shape **out);
    ort_result (*type_shape)(const ort_type *type, const ort_shape **out);
    ort_result (*shape_element)(const ort_shape *shape, int *out);
    ort_result (*shape_rank)(const ort_shape *shape, size_t *out);
    ort_result (*shape_dims)(const ort_shape *shape, int64_t *out, size_t rank);
    ort_result (*memory_new)(int allocator, int kind, ort_memory **out);
    ort_result (*allocator)(ort_allocator **out);
    ort_result (*allocator_free)(ort_allocator *allocator, void *data);
    void (*env_free)(ort_env *env);
    void (*result_free)(ort_result result);
    void (*memory_free)(ort_memory *memory);
    void (*session_free)(ort_session *session);
    void (*value_free)(ort_value *value);
    void (*type_free)(ort_type *type);
    void (*shape_free)(ort_shape *shape);
    void (*options_free)(ort_options *options);
    const char *version;        /* of the library, as "1.30.0" */
} ort_api;

/* Which slot comes from which place of the table. */
typedef struct ort_place { const char *name; size_t place, slot; } ort_place;
extern const ort_place ort_places[];
extern const size_t ort_place_count;

#endif
