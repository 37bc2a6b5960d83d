/* SPDX-License-Identifier: Apache-2.0 */
/* What every answer has: its heads, and bytes that go with it. */
#include <stdlib.h>
#include <string.h>
#include "http.h"

typedef struct header { const char *name, *value; } header;

static const header always[] = {
    { "Cache-Control", "no-store" }, { "X-Content-Type-Options", "nosniff" },
    { "Referrer-Policy", "no-referrer" },
};

void ergd_http_dress(struct MHD_Response *response, const char *type)
{
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        MHD_add_response_header(response, always[i].name, always[i].value);
    MHD_add_response_header(response, "Content-Type", type);
}

struct MHD_Response *ergd_http_response(ergd_bytes bytes, const char *type)
{
    struct MHD_Response *response = bytes.bytes
        ? MHD_create_response_from_buffer(bytes.size, bytes.bytes,
                                          MHD_RESPMEM_MUST_FREE) : NULL;

    if (response)
        ergd_http_dress(response, type);
    else
        free(bytes.bytes);
    return response;
}

enum MHD_Result ergd_http_text(struct MHD_Connection *to, unsigned status, const char *text)
{
    ergd_bytes bytes = { strdup(text), strlen(text) };
    struct MHD_Response *response = ergd_http_response(bytes, ERGD_HTTP_TEXT);

    if (!response)
        return MHD_NO;
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    enum MHD_Result good = MHD_queue_response(to, status, response);
    MHD_destroy_response(response);
    return good;
}
