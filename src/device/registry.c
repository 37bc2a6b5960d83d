/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every driver there is: two lines each, here and nowhere else. The order is that
 * of `erg devices`; fallbacks are asked last whatever their place.
 */
#include "device/driver.h"

const erg_driver *const erg_drivers[] = {
    NULL
};
