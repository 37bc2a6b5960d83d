# A made session: 40 s off, 160 s of training, 200 s off. Power follows the gradient of 2 s
# before, temperature follows power, use does not know of either.
function noise() { seed = (seed * 1103515245 + 12345) % 2147483648; return seed / 1073741824 - 1 }
BEGIN {
    seed = 42; begin = 1761699200; temp = 40
    print "timestamp,device,temp_c,power_w,util_pct,rack_rpm" > "rle_data_1.csv"
    for (t = 0; t < 400; t++) {
        on = t >= 40 && t < 200
        slow = 0.8 * slow + noise()
        grad[t] = 10 + 2 * slow
        power = on ? 150 + 12 * (grad[t - 2] - 10) + 3 * noise() : 30 + noise()
        temp += (22 + 0.25 * power - temp) / 20
        printf "%.3f,gpu,%.2f,%.2f,%.1f,%s\n", begin + t + 0.5, temp + 0.1 * noise(), power, \
               on ? 90 + 4 * noise() : 3 + noise(), \
               on ? 900 + 30 * grad[t - 3] + 9 * noise() : "off" > "rle_data_1.csv"
        if (on)
            printf "{\"step\": %d, \"timestamp_shared\": %.2f, \"loss\": %.4f, \"grad_norm\": %.4f}\n", \
                   t - 39, begin + t + 0.5, 6 - t / 50 + 0.05 * noise(), grad[t] > "training_log_1.json"
    }
}
