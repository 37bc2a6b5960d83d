/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of tensors: which have one, and where it is written. */
#include "workload/training.h"

typedef tr_backward backward;

static const erg_tensor *at(const backward *back, int32_t tensor)
{
    return erg_build_tensor_at(back->b, tensor);
}

/* Ids and images have none; weights keep theirs until the step ends. */
bool erg_tr_wants_gradient(const backward *back, int32_t tensor)
{
    erg_role role = at(back, tensor)->role;
    return role == ERG_ACTIVATION || role == ERG_WEIGHT;
}

void erg_tr_share(backward *back, int32_t of, int32_t gradient)
{
    erg_error err = { 0 };
    int32_t storage = at(back, of)->storage;

    if (!erg_grow((void **)&back->shares, &back->share_capacity, back->share_count,
                  sizeof(*back->shares), &err)) {
        erg_build_refuse(back->b, "no memory for gradients");
        return;
    }
    back->shares[back->share_count] = (tr_share){ gradient, back->shares_of[storage] };
    back->shares_of[storage] = (int32_t)back->share_count++;
}

static int32_t tensor_as(backward *back, erg_role role, int32_t like)
{
    const erg_tensor *x = at(back, like);
    int32_t rank = x->rank, bits = x->bits;
    const int64_t *dims = x->dims;

    return erg_build_tensor(back->b, role, NULL, rank, dims, bits);
}

int32_t erg_tr_tensor_like(backward *back, int32_t like)
{
    return tensor_as(back, ERG_ACTIVATION, like);
}

/* Where the gradient of an input is written; a tied weight has one. */
int32_t erg_tr_gradient_for(backward *back, int32_t input)
{
    bool is_weight = at(back, input)->role == ERG_WEIGHT;

    if (is_weight && back->weight_grads[input] >= 0)
        return back->weight_grads[input];
    int32_t gradient = tensor_as(back, is_weight ? ERG_GRADIENT : ERG_ACTIVATION, input);
    if (is_weight)
        back->weight_grads[input] = gradient;
    else
        erg_tr_share(back, input, gradient);
    return gradient;
}
