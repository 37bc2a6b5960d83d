/* SPDX-License-Identifier: Apache-2.0 */
/* What ergd does besides governing. */
#include "daemon.h"

const ergd_service *const ergd_services[] = {
    &ergd_service_socket,
    &ergd_service_http,
    &ergd_service_rack,
    &ergd_service_filler,
    NULL,
};
