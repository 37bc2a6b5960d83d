# bash completion for erg
_erg()
{
    local word=${COMP_WORDS[COMP_CWORD]} words
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="devices hardware zoo estimate calibrate run show compare import export timeline sweep fit predict choose quality couple thermal rle shape govern replay advise report help"
    else
        case ${COMP_WORDS[1]} in
        devices) words=" --check --for --marker --reference --restore" ;;
        hardware) words=" --check" ;;
        zoo) words="" ;;
        estimate) words=" --on --batch --precision --seq --phase --optimizer --mode --runtime --fusion --head --logits --attention --kernel --dim --fold --clock --power-cap --thermal-point --power-gating --streams --profile --measured-latency --order --latency-limit --energy-limit --power-limit --memory-limit --tune-batch --pareto --accuracy --explain --verify --against --dot --detail --top --sort --no-hints" ;;
        calibrate) words=" --workloads --on --source --date --one-byte-class --energy-only --from --for" ;;
        run) words=" --repeat --until --max-repeat --max-time --warmup --preset --idle --idle-state --rate --dither --looks --marker --no-wait --device --tape --sim --wired-to --detach --for --stop --per --co2 --log --tag --power-cap --dvfs --objective --slowdown --strict" ;;
        show) words=" --region --window --per --co2 --trace --strict" ;;
        compare) words="" ;;
        import) words=" --into --from --tz --date --decimal --start --period --fields --time --power --unit --kind --window --align --align-most --wired-to --writer --strict" ;;
        export) words=" --wide --integration --region --channel" ;;
        timeline) words=" --by --channel --prior --byte-energy --ramp --lag-max --top --align --start --seed" ;;
        sweep) words=" --knob --profile --set --force --variant --mode --repeat --until --max-repeat --warmup --no-warmup --random --device --floor --settle --timeout --adaptive --objective --with --slowdown --power-cap --drift-correct --work --name --shared --dry-run --resume --gather --slurm --srun --block --partition --account --time --mem --cpus-per-task --exclusive" ;;
        fit) words=" --test --save --model --anchors --no-anchor --degree --tune --from --nearness --setting --definition --no-checks --timing" ;;
        predict) words=" --anchor --clocks --anchors --model --setting --definition --no-checks" ;;
        choose) words=" --objective --slowdown --power-cap --max-temp --quality-loss --deadline --min-throughput --certainty --eta --max-power --energy-price --time-price --carbon --carbon-hardware --ambient --k-per-w --setting --variants --common --minimax --weight --phases --switch-time --switch-energy --mix --rule --repetition --against --predicted --clocks --model --draws --random" ;;
        quality) words=" --hypothesis --records --features --images --against --encoder --text-encoder --prompts --onnxruntime --text-features --layers --against-layers --weights --reference --baseline --metric --least --into --setting --log-base --per-item" ;;
        couple) words=" --log --pair --device --rated --placebo --smallest --lag-max --detrend --alpha --rng-key --dependent --grid --offset --tz --ambient --map --writer --secondary --sessions --compat --blank-sheet --calibration --gate --record --for --rate --off --intervene --block --blocks --drop --tau --shared" ;;
        thermal) words=" --device --window --regime --ambient --poles --model --gain-schedule --cauer --curves --meters --coolant --record --plan --drive --by --fan --shared --rate --limit --margin --power --horizon --score --log --watch --for --gate --map --tz --writer" ;;
        rle) words=" --dialect --collapse --log --logged --decide --device --ambient --limit --rated --period --reference --time-constant --map --tz --writer --demo --dialects --explain" ;;
        shape) words=" --policy --scenario --synthetic --trace --units --idle --hi-w --window --rng-key --gate --base --new --peak-cut --ramp --band --explain --wave --wave-step --spectrum" ;;
        govern) words=" --cap --class --clock --device --dvfs --epoch --for --job --knob --least --objective --phase --power --slowdown --socket --units --wait" ;;
        replay) words=" --output --steps --step-mark --step-kind --comm --keep-stream --device --batch --seq --precision --dim --engine --state --only --preset --warmup --runs --interval --no-energy --by-tier --clock --idle --rate --threads --power-log --seed --full --kernels --timing --report --power --tz --base --base-policy --method --top --on --peak-bandwidth --peak-flop" ;;
        advise) words=" --error --phases --switch --ranks --precision --index --density --hops --rankfile --domains --node-power --idle --cooling --on --flop-energy --byte-energy --static-power --window --slowdown --batch --seq --top" ;;
        report) words="" ;;
        help) words=" --man --completion" ;;
        *) words= ;;
        esac
        words="$words --format --output --table --sensor --root --nvml --quiet --verbose --color --help --version"
    fi
    case $word in
    -*) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
    *)
        if [ "$COMP_CWORD" -eq 1 ]; then
            mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        else
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
        fi
        ;;
    esac
}
complete -o filenames -F _erg erg
