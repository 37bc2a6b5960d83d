/* SPDX-License-Identifier: Apache-2.0 */
/* The format number of a model file. */
#ifndef ERG_FIT_MODEL_JSON_H
#define ERG_FIT_MODEL_JSON_H

enum { ERG_MODEL_FORMAT = 1 };

#endif
