/* SPDX-License-Identifier: Apache-2.0 */
/* All of liberg. Link with pkg-config erg. */
#ifndef ERG_H
#define ERG_H

#include "erg/campaign.h"
#include "erg/choose.h"
#include "erg/couple.h"
#include "erg/device.h"
#include "erg/energy.h"
#include "erg/env.h"
#include "erg/error.h"
#include "erg/estimate.h"
#include "erg/fit.h"
#include "erg/hardware.h"
#include "erg/import.h"
#include "erg/intervene.h"
#include "erg/joint.h"
#include "erg/monitor.h"
#include "erg/points.h"
#include "erg/quality.h"
#include "erg/quantity.h"
#include "erg/recipe.h"
#include "erg/record.h"
#include "erg/report.h"
#include "erg/rle.h"
#include "erg/run.h"
#include "erg/session.h"
#include "erg/sheet.h"
#include "erg/study.h"
#include "erg/sweep.h"
#include "erg/table.h"
#include "erg/thermal.h"
#include "erg/trace.h"
#include "erg/training.h"
#include "erg/version.h"
#include "erg/workload.h"

#endif
