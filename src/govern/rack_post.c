/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/rack.h"

void erg_rack_post_to(erg_rack *rack, const erg_rack_line *line, const char *topic,
                      const erg_rack_post *how)
{
    erg_rack_post post = *how;

    if (!rack->is_up || post.size == 0)
        return;
    snprintf(rack->topic, sizeof(rack->topic), "%s%s", rack->prefix, topic);
    post.topic = rack->topic;
    post.bytes = rack->text;
    line->send(line->self, &post);
}
