/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own kernels, in CUDA C++, as text that NVRTC compiles once for each type: -DELEMENT
 * is what lies in memory, GET and PUT turn it into float and back. They are right for any
 * number of threads in a block that is a power of two, up to ROOM.
 */
#include "engine/cuda_kernels.h"

#define TEXT(...) #__VA_ARGS__
#define WRITTEN(...) TEXT(__VA_ARGS__)

const char *const cuda_source[] = {
    TEXT(
typedef unsigned short bits16;
typedef long long wide;
enum { ROOM = 256 };
static __device__ float same(float x) { return x; }
static __device__ float from_half(bits16 x)
{
    float y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
    return y;
}
static __device__ bits16 to_half(float x)
{
    bits16 y;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
    return y;
}
static __device__ float from_brain(bits16 x)
{
    union { unsigned bits; float number; } y;
    y.bits = (unsigned)x << 16;
    return y.number;
}
static __device__ bits16 to_brain(float x)
{
    union { unsigned bits; float number; } y;
    y.number = x;
    return (bits16)((y.bits + 0x7fffu + (y.bits >> 16 & 1u)) >> 16);
}
struct arguments {
    const ELEMENT *in[5];
    ELEMENT *out;
    ),
    WRITTEN(CUDA_SIZES(wide, int)),
    TEXT(
};
static __device__ wide first(void) { return (wide)blockIdx.x * blockDim.x + threadIdx.x; }
static __device__ wide stride(void) { return (wide)gridDim.x * blockDim.x; }
static __device__ wide place(const arguments &a, int input, wide i)
{
    return a.length[input] == a.count ? i : i / a.inner[input] % a.length[input];
}
    ),
    TEXT(
static __device__ float one(int op, float x)
{
    switch (op) {
    case 0: return x;
    case 1: return x > 0 ? x : 0;
    case 2: return 1 / (1 + expf(-x));
    case 3: return tanhf(x);
    case 4: return x / (1 + expf(-x));
    case 5: return 0.5f * x * (1 + erff(0.70710678f * x));
    case 6: return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    case 7: return expf(x);
    case 8: return logf(fabsf(x));
    case 9: return sqrtf(fabsf(x));
    case 10: return fabsf(x);
    case 11: return erff(x);
    case 12: return fminf(fmaxf(x / 6 + 0.5f, 0.0f), 1.0f);
    case 13: return x * fminf(fmaxf(x / 6 + 0.5f, 0.0f), 1.0f);
    case 14: return fminf(fmaxf(x, 0.0f), 6.0f);
    case 15: return x * x * x;
    default: return 0.5f * x + 0.25f;
    }
}
static __device__ float two(int op, float x, float y)
{
    switch (op) {
    case 0: return x + y;
    case 1: return x - y;
    case 2: return x * y;
    case 3: return x / y;
    case 4: return fminf(x, y);
    case 5: return fmaxf(x, y);
    default: return powf(fabsf(x), y);
    }
}
extern "C" __global__ void map_one(arguments a)
{
    for (wide i = first(); i < a.count; i += stride())
        a.out[i] = PUT(one(a.op, GET(a.in[0][i])));
}
extern "C" __global__ void map_two(arguments a)
{
    for (wide i = first(); i < a.count; i += stride())
        a.out[i] =
            PUT(two(a.op, GET(a.in[0][place(a, 0, i)]), GET(a.in[1][place(a, 1, i)])));
}
extern "C" __global__ void batch_norm(arguments a)
{
    for (wide i = first(); i < a.count; i += stride()) {
        wide c = place(a, 1, i);
        float scale = GET(a.in[1][c]) * rsqrtf(fabsf(GET(a.in[4][c])) + 1e-5f);
        a.out[i] = PUT((GET(a.in[0][i]) - GET(a.in[3][c])) * scale + GET(a.in[2][c]));
    }
}
extern "C" __global__ void gather_rows(arguments a)
{
    for (wide i = first(); i < a.count; i += stride()) {
        wide row = i / a.width * 2654435761ll % a.rows;
        a.out[i] = a.in[0][row * a.width + i % a.width];
    }
}
    ),
    TEXT(
static __device__ float joined(float mine, bool is_sum)
{
    __shared__ float part[ROOM];
    part[threadIdx.x] = mine;
    __syncthreads();
    for (unsigned step = blockDim.x / 2; step > 0; step /= 2) {
        if (threadIdx.x < step)
            part[threadIdx.x] = is_sum ? part[threadIdx.x] + part[threadIdx.x + step]
                                       : fmaxf(part[threadIdx.x], part[threadIdx.x + step]);
        __syncthreads();
    }
    float all = part[0];
    __syncthreads();
    return all;
}
extern "C" __global__ void softmax_rows(arguments a)
{
    const ELEMENT *in = a.in[0] + blockIdx.x * a.width;
    ELEMENT *out = a.out + blockIdx.x * a.width;
    float most = -3e38f;
    float sum = 0;
    for (wide i = threadIdx.x; i < a.width; i += blockDim.x)
        most = fmaxf(most, GET(in[i]));
    most = joined(most, false);
    for (wide i = threadIdx.x; i < a.width; i += blockDim.x)
        sum += expf(GET(in[i]) - most);
    sum = joined(sum, true);
    for (wide i = threadIdx.x; i < a.width; i += blockDim.x)
        out[i] = PUT(expf(GET(in[i]) - most) / sum);
}
extern "C" __global__ void norm_rows(arguments a)
{
    const ELEMENT *in = a.in[0] + blockIdx.x * a.width;
    ELEMENT *out = a.out + blockIdx.x * a.width;
    float sum = 0;
    float squares = 0;
    for (wide i = threadIdx.x; i < a.width; i += blockDim.x)
        sum += GET(in[i]);
    float mean = a.op ? 0 : joined(sum, true) / a.width;
    for (wide i = threadIdx.x; i < a.width; i += blockDim.x)
        squares += (GET(in[i]) - mean) * (GET(in[i]) - mean);
    float scale = rsqrtf(joined(squares, true) / a.width + 1e-5f);
    for (wide i = threadIdx.x; i < a.width; i += blockDim.x)
        out[i] = PUT((GET(in[i]) - mean) * scale * (a.inputs > 1 ? GET(a.in[1][i]) : 1)
                     + (a.inputs > 2 ? GET(a.in[2][i]) : 0));
}
extern "C" __global__ void row_mean(arguments a)
{
    const ELEMENT *in = a.in[0] + blockIdx.x * a.width;
    float sum = 0;
    for (wide i = threadIdx.x; i < a.width; i += blockDim.x)
        sum += GET(in[i]);
    sum = joined(sum, true);
    if (threadIdx.x == 0)
        a.out[blockIdx.x] = PUT(sum / a.width);
}
    ),
    TEXT(
extern "C" __global__ void pool_window(arguments a)
{
    for (wide i = first(); i < a.count; i += stride()) {
        wide x = i % a.to[1] * a.step[1] - a.pad[1];
        wide y = i / a.to[1] % a.to[0] * a.step[0] - a.pad[0];
        const ELEMENT *in = a.in[0] + i / (a.to[0] * a.to[1]) * a.size[0] * a.size[1];
        float most = -3e38f;
        float sum = 0;
        for (wide v = y < 0 ? 0 : y; v < y + a.kernel[0] && v < a.size[0]; v++)
            for (wide u = x < 0 ? 0 : x; u < x + a.kernel[1] && u < a.size[1]; u++) {
                float now = GET(in[v * a.size[1] + u]);
                most = fmaxf(most, now);
                sum += now;
            }
        a.out[i] = PUT(a.op ? sum / (a.kernel[0] * a.kernel[1]) : most);
    }
}
    ),
    NULL
};
