/* The measure of bench/scan.py: the silence test of B§4.1 as a plain loop, and how many runs of silent frames there are. */

#include <stddef.h>
#include <stdint.h>

void scan(const int16_t *samples, size_t frames, size_t size, int32_t limit, int32_t *sums, int64_t *found)
{
    int64_t silent = 0, runs = 0;
    int was_silent = 0;

    for (size_t frame = 0; frame < frames; frame++) {
        int32_t sum = 0;
        for (size_t at = 0; at < size; at++) {
            int32_t sample = samples[frame * size + at];
            sum += sample < 0 ? -sample : sample;
        }
        sums[frame] = sum;
        int is_silent = sum < limit;
        silent += is_silent;
        runs += is_silent && !was_silent;
        was_silent = is_silent;
    }
    found[0] = silent;
    found[1] = runs;
}
