// Writes to a PostgreSQL as SPIRE does, through its driver: pq CONNECTION-STRING. A line on standard input is a number to
// write, in a transaction of its own, or `all` to read them back; each has one line of JSON for an answer.
package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"strconv"

	"github.com/lib/pq"
)

type answer struct {
	Acknowledged *int   `json:"acknowledged,omitempty"`
	All          []int  `json:"all,omitempty"`
	Code         string `json:"code,omitempty"`
	Refused      string `json:"refused,omitempty"`
}

func main() {
	db, err := sql.Open("postgres", os.Args[1])
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := answers.Encode(answerTo(lines.Text(), db)); err != nil {
			panic(err)
		}
	}
}

func answerTo(line string, db *sql.DB) answer {
	if line == "all" {
		numbers, err := readAll(db)
		return refusedOr(answer{All: numbers}, err)
	}
	number, err := strconv.Atoi(line)
	if err != nil {
		panic(err)
	}
	return refusedOr(answer{Acknowledged: &number}, write(db, number))
}

func refusedOr(done answer, err error) answer {
	if err == nil {
		return done
	}
	refused := answer{Refused: err.Error()}
	if server := (*pq.Error)(nil); errors.As(err, &server) {
		refused.Code = string(server.Code)
	}
	return refused
}

func write(db *sql.DB, number int) error {
	transaction, err := db.Begin()
	if err != nil {
		return err
	}
	defer transaction.Rollback()
	if _, err := transaction.Exec("INSERT INTO written (number) VALUES ($1)", number); err != nil {
		return err
	}
	return transaction.Commit()
}

func readAll(db *sql.DB) ([]int, error) {
	rows, err := db.Query("SELECT number FROM written ORDER BY number")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var numbers []int
	for rows.Next() {
		var number int
		if err := rows.Scan(&number); err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return numbers, rows.Err()
}
