/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stamps as other programs write them, in integer nanoseconds of UTC.
 *
 * Digits after the point are a decimal fraction of any length: ".000468" is
 * 468 us. Zones come from tzdata; TZ of the process is neither read nor set.
 */
#ifndef ERG_FORMAT_STAMP_H
#define ERG_FORMAT_STAMP_H

#include "base/base.h"

typedef struct erg_zone erg_zone;

/* "UTC" "Z" "+02:00" "-0530" "Europe/Berlin". NULL and err if nobody knows it. */
erg_zone *erg_zone_new(const char *name, erg_error *err);
/* From the bytes of a TZif file: what the fuzz target and the tests call. */
erg_zone *erg_zone_parse(const char *bytes, size_t size, erg_error *err);
void erg_zone_free(erg_zone *zone);
/* Local seconds since 1970 to UTC. An hour that comes twice has two answers:
 * *earlier and *later; else both are equal. */
void erg_zone_utc(const erg_zone *zone, int64_t local_s, int64_t *earlier, int64_t *later);

typedef enum erg_date_order {
    ERG_DATE_UNSAID,    /* yyyy first, or d.m.yyyy with points */
    ERG_DATE_DMY, ERG_DATE_MDY, ERG_DATE_YMD
} erg_date_order;

typedef struct erg_stamp_style {
    const erg_zone *zone;   /* of stamps without one; NULL: as they stand, UTC */
    erg_date_order order;
    char decimal;           /* '.' or ','; 0: '.' */
} erg_stamp_style;

typedef struct erg_stamp {
    int64_t utc_ns;
    int64_t later_ns;       /* the other answer in an hour that comes twice */
    bool has_zone;          /* epoch, Z or an offset: nobody had to guess */
} erg_stamp;

/* All of text[0..count): a date and time, or a number since 1970 in s, ms, us or
 * ns, told apart by its size. False: not a stamp. */
bool erg_stamp_parse(const char *text, size_t count, const erg_stamp_style *style,
                     erg_stamp *out);
/* A stamp without a zone of a log whose last one is last_ns (INT64_MIN: none): a jump back
 * by 3600 +- 2 s is the end of summer time, and later stamps are moved on by *twice_ns. */
int64_t erg_stamp_once(int64_t at_ns, int64_t last_ns, int64_t *twice_ns);
/* A decimal number of units of unit_ns each, as exact ns: "12.5" of 1e9. */
bool erg_stamp_count(const char *text, size_t count, int64_t unit_ns, char decimal,
                     int64_t *out);
/* "dmy" "mdy" "ymd" or NULL. */
bool erg_date_order_parse(const char *name, erg_date_order *out, erg_error *err);
/* Days since 1970-01-01 in the Gregorian calendar. */
int64_t erg_days_from_date(int64_t year, int month, int day);

#endif
