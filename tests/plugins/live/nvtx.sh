#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nvtx.sh ERG LIBRARY: a program made with NVIDIA's own headers, without a GPU.
here=$(cd "$(dirname "$0")" && pwd)
erg=$(realpath "$1") library=$(realpath "$2")
headers=$(find /usr/include /usr/local/cuda*/include -maxdepth 1 -name nvtx3 2>/dev/null | head -n 1)
[ -n "$headers" ] || { echo "1..0 # SKIP no nvtx3 headers"; exit 0; }
# shellcheck source=../../steps.sh
. "$here/../../steps.sh"
cat >program.c <<'C'
#include <stdint.h>
#include <nvtx3/nvToolsExt.h>
int main(void)
{
    nvtxDomainHandle_t domain = nvtxDomainCreateA("train");
    nvtxEventAttributes_t of = { .version = NVTX_VERSION, .size = NVTX_EVENT_ATTRIB_STRUCT_SIZE,
                                 .messageType = NVTX_MESSAGE_TYPE_REGISTERED };
    of.message.registered = nvtxDomainRegisterStringA(domain, "forward pass");
    int outer = nvtxRangePushA("epoch");
    int inner = nvtxRangePushA("batch");
    int first = nvtxDomainRangePushEx(domain, &of);
    nvtxRangeId_t id = nvtxRangeStartA("copy");
    nvtxMarkA("loss");
    nvtxRangeEnd(id);
    int ended = nvtxDomainRangePop(domain);
    return !(outer == 0 && inner == 1 && first == 0 && ended == 0 && nvtxRangePop() == 1
             && nvtxRangePop() == 0 && nvtxRangePop() < 0);
}
C
check "a program builds with NVIDIA's headers" cc -I "${headers%/nvtx3}" program.c -o program -ldl
# A sanitized library has to be loaded after its runtime.
asan=$(ldd "$library" | awk '/libasan/ { print $3 }')
LD_LIBRARY_PATH=$(dirname "$(dirname "$library")")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH ASAN_OPTIONS=detect_leaks=0
check "its ranges nest as NVTX says" "$erg" run --quiet --no-wait --sensor sim:plain \
    --output run.erg -- env LD_PRELOAD="$asan" NVTX_INJECTION64_PATH="$library" ./program
"$erg" show run.erg >shown 2>log
for name in epoch batch "forward pass" copy; do
    check "the range $name is a region" grep -q "$name" shown
done
"$erg" export run.erg --format json --output run.json >log 2>&1
check "the mark is in the run" grep -q loss run.json
env LD_PRELOAD="$asan" NVTX_INJECTION64_PATH="$library" ./program
check "without a recording the library declines" test $? = 1
echo "1..$number"
