// Command peer is the other side of the interoperability tests: the seal as docs/seal.md specifies it, on a standard
// JOSE library and crypto/x509, and the Workload API on go-spiffe. It shares no code with what it is compared to.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

const usage = `usage: peer MODE
  seal           answers JSON lines: seals and verifies NodeFeatures
  x509           answers JSON lines: verifies certificate paths
  fetch ADDRESS  prints what a Workload API gives, as JSON
  serve ADDRESS  serves a Workload API; JSON lines on stdin say what it gives`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "seal":
		return answer(answerSeal)
	case len(args) == 1 && args[0] == "x509":
		return answer(answerPath)
	case len(args) == 2 && args[0] == "fetch":
		return fetch(args[1])
	case len(args) == 2 && args[0] == "serve":
		return serve(args[1])
	}
	return fmt.Errorf("%s", usage)
}

// answer reads one JSON value a line and writes one for each, in order, until the input ends.
func answer[Request, Answer any](judge func(*Request) Answer) error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 32<<20)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for lines.Scan() {
		request := new(Request)
		if err := json.Unmarshal(lines.Bytes(), request); err != nil {
			return err
		}
		if err := encoder.Encode(judge(request)); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return lines.Err()
}
