/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of CUDA's binary interfaces that erg calls, in our own words, from the public
 * references (docs.nvidia.com/cuda: driver API, cuBLAS, NVRTC; cuDNN backend). Nothing is
 * linked: libraries are opened with dlopen. Every call gives 0 when it worked.
 */
#ifndef ERG_ENGINE_CUDA_ABI_H
#define ERG_ENGINE_CUDA_ABI_H

#include "base/library.h"

typedef uint64_t cuda_address;
typedef struct CUctx_st *cuda_context;
typedef struct CUstream_st *cuda_stream;
typedef struct CUevent_st *cuda_event;
typedef struct CUgraph_st *cuda_graph;
typedef struct CUgraphExec_st *cuda_ready;     /* a graph, made ready to be started */
typedef struct CUmod_st *cuda_module;
typedef struct CUfunc_st *cuda_function;

enum { CUDA_DONE = 0, CUDA_NO_MEMORY = 2, CUDA_NO_DEVICE = 100 };
enum { CUDA_STREAM_ON_ITS_OWN = 1 };            /* CU_STREAM_NON_BLOCKING */
enum { CUDA_CAPTURE_THREAD = 1 };               /* other threads go on as they like */
enum { CUDA_CAPABILITY_MAJOR = 75, CUDA_CAPABILITY_MINOR = 76 };

typedef struct cuda_driver {
    void *library;
    int (*init)(unsigned flags);
    int (*version)(int *version);               /* 12040 is 12.4 */
    int (*count)(int *count);
    int (*get)(int *device, int ordinal);
    int (*name)(char *name, int size, int device);
    int (*attribute)(int *value, int attribute, int device);
    int (*retain)(cuda_context *context, int device);
    int (*release)(int device);
    int (*use)(cuda_context context);
    int (*take)(cuda_address *memory, size_t bytes);
    int (*give)(cuda_address memory);
    int (*upload)(cuda_address to, const void *from, size_t bytes);
    int (*stream_new)(cuda_stream *stream, unsigned flags);
    int (*stream_free)(cuda_stream stream);
    int (*wait)(cuda_stream stream);
    int (*capture)(cuda_stream stream, int mode);
    int (*captured)(cuda_stream stream, cuda_graph *graph);
    int (*graph_ready)(cuda_ready *ready, cuda_graph graph, unsigned long long flags);
    int (*graph_start)(cuda_ready ready, cuda_stream stream);
    int (*graph_free)(cuda_graph graph);
    int (*ready_free)(cuda_ready ready);
    int (*event_new)(cuda_event *event, unsigned flags);
    int (*event_free)(cuda_event event);
    int (*event_record)(cuda_event event, cuda_stream stream);
    int (*event_wait)(cuda_event event);
    int (*event_between)(float *time_ms, cuda_event first, cuda_event second);
    int (*module_load)(cuda_module *module, const void *image);
    int (*module_free)(cuda_module module);
    int (*function)(cuda_function *function, cuda_module module, const char *name);
    int (*start)(cuda_function function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                 unsigned block_x, unsigned block_y, unsigned block_z,
                 unsigned shared_bytes, cuda_stream stream, void **arguments, void **extra);
    int (*error_name)(int code, const char **name);
} cuda_driver;

/* ---- cuBLASLt ---------------------------------------------------------------------- */

typedef struct blas_algo { uint64_t opaque[8]; } blas_algo;
typedef struct blas_choice {            /* an answer of the heuristic */
    blas_algo algo;
    size_t workspace_bytes;
    int state;                          /* 0: it can be used */
    float waves;
    int reserved[4];
} blas_choice;

enum {
    BLAS_F32 = 0,
    BLAS_F64 = 1,
    BLAS_F16 = 2,
    BLAS_I8 = 3,
    BLAS_BF16 = 14,
    BLAS_E4M3 = 28
};
enum { BLAS_COMPUTE_32F = 68, BLAS_COMPUTE_64F = 70, BLAS_COMPUTE_32I = 72,
       BLAS_COMPUTE_TF32 = 77 };
enum {
    BLAS_DESC_TURN_A = 3,
    BLAS_DESC_TURN_B = 4,
    BLAS_DESC_EPILOGUE = 7,
    BLAS_DESC_BIAS = 8
};
enum { BLAS_AS_IT_IS = 0, BLAS_TURNED = 1, BLAS_EPILOGUE_BIAS = 4 };
enum { BLAS_LAYOUT_COUNT = 5, BLAS_LAYOUT_STEP = 6 };
enum { BLAS_WISH_WORKSPACE = 1, BLAS_CONFIG_ID = 0, BLAS_NOT_SUPPORTED = 15 };

typedef struct cuda_blas {
    void *library;
    int (*open)(void **handle);
    int (*close)(void *handle);
    size_t (*version)(void);
    int (*desc_new)(void **desc, int compute, int scale);
    int (*desc_free)(void *desc);
    int (*desc_set)(void *desc, int attribute, const void *value, size_t bytes);
    int (*layout_new)(void **layout, int type, uint64_t rows, uint64_t columns, int64_t ld);
    int (*layout_free)(void *layout);
    int (*layout_set)(void *layout, int attribute, const void *value, size_t bytes);
    int (*wish_new)(void **wish);
    int (*wish_free)(void *wish);
    int (*wish_set)(void *wish, int attribute, const void *value, size_t bytes);
    int (*choose)(void *handle, void *desc, void *a, void *b, void *c, void *d, void *wish,
                  int asked, blas_choice *choices, int *count);
    int (*algo_make)(void *handle, int compute, int scale, int a, int b, int c, int d,
                     int id, blas_algo *algo);
    int (*algo_check)(void *handle, void *desc, void *a, void *b, void *c, void *d,
                      const blas_algo *algo, blas_choice *choice);
    int (*algo_get)(const blas_algo *algo, int attribute, void *value, size_t bytes,
                    size_t *written);
    int (*multiply)(void *handle, void *desc, const void *alpha, const void *a,
                    void *a_layout, const void *b, void *b_layout, const void *beta,
                    const void *c, void *c_layout, void *d, void *d_layout,
                    const blas_algo *algo, void *workspace, size_t workspace_bytes,
                    cuda_stream stream);
} cuda_blas;

/* ---- cuDNN's backend: descriptors with attributes ------------------------------------ */

enum { DNN_CONVOLUTION = 1, DNN_ENGINE_CONFIG = 3, DNN_HEURISTIC = 4, DNN_PLAN = 5,
       DNN_FORWARD = 10, DNN_GRAPH = 15, DNN_PACK = 16, DNN_TENSOR = 17 };
enum { DNN_IS_HANDLE = 0, DNN_IS_TYPE = 1, DNN_IS_INT64 = 3, DNN_IS_FLOAT = 4,
       DNN_IS_POINTER = 6, DNN_IS_MODE = 7, DNN_IS_HEURISTIC = 8, DNN_IS_DESCRIPTOR = 15 };
enum { DNN_FLOAT = 0, DNN_HALF = 2, DNN_BFLOAT16 = 9, DNN_CROSS_CORRELATION = 1,
       DNN_HEURISTIC_A = 3 };
enum {
    DNN_CONV_TYPE = 100,
    DNN_CONV_MODE,
    DNN_CONV_DILATIONS,
    DNN_CONV_STRIDES,
    DNN_CONV_END,
    DNN_CONV_BEGIN,
    DNN_CONV_AXES
};
enum { DNN_HEURISTIC_MODE = 200, DNN_HEURISTIC_GRAPH, DNN_HEURISTIC_RESULTS };
enum { DNN_PLAN_HANDLE = 400, DNN_PLAN_CONFIG, DNN_PLAN_WORKSPACE };
enum { DNN_FORWARD_ALPHA = 700, DNN_FORWARD_BETA, DNN_FORWARD_CONV, DNN_FORWARD_W,
       DNN_FORWARD_X, DNN_FORWARD_Y };
enum { DNN_GRAPH_HANDLE = 800, DNN_GRAPH_OPERATIONS };
enum { DNN_TENSOR_ALIGNMENT = 900, DNN_TENSOR_TYPE, DNN_TENSOR_DIMS, DNN_TENSOR_STRIDES,
       DNN_TENSOR_ID = 906 };
enum { DNN_PACK_IDS = 1000, DNN_PACK_POINTERS, DNN_PACK_WORKSPACE = 1003 };

typedef struct cuda_dnn {
    void *library;
    int (*open)(void **handle);
    int (*close)(void *handle);
    int (*use)(void *handle, cuda_stream stream);
    size_t (*version)(void);
    int (*make)(int kind, void **descriptor);
    int (*drop)(void *descriptor);
    int (*set)(void *descriptor, int name, int type, int64_t count, const void *values);
    int (*get)(void *descriptor, int name, int type, int64_t asked, int64_t *count,
               void *values);
    int (*finish)(void *descriptor);
    int (*execute)(void *handle, void *plan, void *pack);
} cuda_dnn;

/* ---- NVRTC -------------------------------------------------------------------------- */

typedef struct cuda_compiler {
    void *library;
    int (*version)(int *major, int *minor);
    int (*begin)(void **program, const char *text, const char *name, int headers,
                 const char *const *header_texts, const char *const *header_names);
    int (*compile)(void *program, int count, const char *const *options);
    int (*log_size)(void *program, size_t *bytes);
    int (*log)(void *program, char *text);
    int (*code_size)(void *program, size_t *bytes);
    int (*code)(void *program, char *code);
    int (*end)(void **program);
} cuda_compiler;

/* ---- finding ------------------------------------------------------------------------ */

typedef struct cuda_library {
    const char *files[4];               /* the newest first; ends with NULL */
    const char *what, *cure;
    const erg_symbol *symbols;
    size_t symbol_count;
} cuda_library;

extern const cuda_library cuda_library_driver, cuda_library_blas, cuda_library_compiler,
    cuda_library_dnn;

/* Fills an api, whose first member is `void *library`; all is NULL where it fails. */
bool cuda_library_open(const cuda_library *of, void *api, size_t api_bytes, erg_error *err);
void cuda_library_close(void *api, size_t api_bytes);

#endif
