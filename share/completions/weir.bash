# SPDX-License-Identifier: MIT OR Apache-2.0
# Completion of weir's commands and options for bash, printed by: weir completion bash
_weir() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'get seed create show verify serve add ls rm start stop pin unpin store link cat status config completion manual --help --version' -- "$cur")
    return
  fi
  case ${COMP_WORDS[1]} in
    get)
      case $prev in
        -o | --output) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --select) :; return ;;
        --peer) :; return ;;
        --listen) :; return ;;
        --max-down) :; return ;;
        --max-up) :; return ;;
        --tracker) :; return ;;
        --torrent-connections) :; return ;;
        --dial-below) :; return ;;
        --timeout) :; return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --check) mapfile -t COMPREPLY < <(compgen -W 'resume full' -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--output --select --sequential --seed --peer --listen --max-down --max-up --tracker --torrent-connections --dial-below --timeout --state-dir --part --preallocate --check --json --jsonl --quiet --help' -- "$cur")
      else
        compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -X '!*.torrent' -- "$cur"; compgen -d -- "$cur")
      fi
      ;;
    seed)
      case $prev in
        --data) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --listen) :; return ;;
        --peer) :; return ;;
        --max-up) :; return ;;
        --tracker) :; return ;;
        --torrent-connections) :; return ;;
        --dial-below) :; return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--data --trust --listen --peer --max-up --tracker --torrent-connections --dial-below --state-dir --json --jsonl --quiet --help' -- "$cur")
      else
        compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -X '!*.torrent' -- "$cur"; compgen -d -- "$cur")
      fi
      ;;
    create)
      case $prev in
        -o | --output) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --piece-size) :; return ;;
        --tracker) :; return ;;
        --web-seed) :; return ;;
        --source) :; return ;;
        --comment) :; return ;;
        --date) :; return ;;
        --name) :; return ;;
        --threads) :; return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--output --force --v1 --v2 --hybrid --piece-size --tracker --web-seed --directory-order --private --source --comment --date --name --threads --json --quiet --help' -- "$cur")
      else
        compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      fi
      ;;
    show)
      case $prev in
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--scrape --api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -X '!*.torrent' -- "$cur"; compgen -d -- "$cur")
      fi
      ;;
    verify)
      case $prev in
        --data) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --threads) :; return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--data --threads --json --quiet --help' -- "$cur")
      else
        compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -X '!*.torrent' -- "$cur"; compgen -d -- "$cur")
      fi
      ;;
    serve)
      case $prev in
        --http) :; return ;;
        --allow-host) :; return ;;
        --cors-origin) :; return ;;
        --http-connections) :; return ;;
        --listen) :; return ;;
        --data-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --quota) :; return ;;
        --store-ttl) :; return ;;
        --fetch-timeout) :; return ;;
        --max-down) :; return ;;
        --max-up) :; return ;;
        --connections) :; return ;;
        --torrent-connections) :; return ;;
        --dial-below) :; return ;;
        --log-level) mapfile -t COMPREPLY < <(compgen -W 'error warn info debug' -- "$cur"); return ;;
        --log-format) mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur"); return ;;
        --ports-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--http --allow-host --cors-origin --http-connections --listen --data-dir --state-dir --socket --quota --store-ttl --fetch-timeout --max-down --max-up --connections --torrent-connections --dial-below --log-level --log-format --ports-file --config --jsonl --quiet --help' -- "$cur")
      else
        :
      fi
      ;;
    add)
      case $prev in
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--paused --sequential --api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      fi
      ;;
    ls)
      case $prev in
        --state) mapfile -t COMPREPLY < <(compgen -W 'fetching_metadata preparing checking downloading seeding paused failed stopping' -- "$cur"); return ;;
        --search) :; return ;;
        --sort) mapfile -t COMPREPLY < <(compgen -W 'added name progress rate size' -- "$cur"); return ;;
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--state --search --sort --reverse --api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        :
      fi
      ;;
    rm)
      case $prev in
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--content --api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        :
      fi
      ;;
    start)
      case $prev in
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        :
      fi
      ;;
    stop)
      case $prev in
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        :
      fi
      ;;
    pin)
      case $prev in
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        :
      fi
      ;;
    unpin)
      case $prev in
        --expire) :; return ;;
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--expire --api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        :
      fi
      ;;
    store)
      case $prev in
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--dry-run --unknown --api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        mapfile -t COMPREPLY < <(compgen -W 'stat verify repair gc' -- "$cur")
      fi
      ;;
    link)
      case $prev in
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        :
      fi
      ;;
    cat)
      case $prev in
        --range) :; return ;;
        --file) :; return ;;
        --peer) :; return ;;
        --timeout) :; return ;;
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--range --file --peer --timeout --api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -X '!*.torrent' -- "$cur"; compgen -d -- "$cur")
      fi
      ;;
    status)
      case $prev in
        --api) :; return ;;
        --token-file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --socket) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --state-dir) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--api --token-file --socket --state-dir --config --json --quiet --help' -- "$cur")
      else
        :
      fi
      ;;
    config)
      case $prev in
        --config) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--config --json --quiet --help' -- "$cur")
      else
        mapfile -t COMPREPLY < <(compgen -W 'check show' -- "$cur")
      fi
      ;;
    completion)
      case $prev in
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--quiet --help' -- "$cur")
      else
        mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$cur")
      fi
      ;;
    manual)
      case $prev in
      esac
      if [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--quiet --help' -- "$cur")
      else
        :
      fi
      ;;
  esac
}
complete -F _weir weir
