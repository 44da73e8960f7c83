package main

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
	"golang.org/x/sync/errgroup"

	"liveops/datasheets"
	"liveops/datasheets/xlsx"
)

// reader says to a process of this program how it is to read a workbook; it prints the number of cells.
const readerSetting = "LIVEOPS_BENCH_READER"

// readers are the ways in which a workbook is read. Each uses every cell it reads.
var readers = map[string]func(data []byte) (cells int, err error){
	"liveops":     readLiveops,
	"liveops-one": readLiveopsInTurn,
	"excelize":    readExcelize,
	"inflate":     readInflate,
}

// benchRead times reading a workbook of 4.8 million cells, each reader in a process of its own: with inline
// strings, as liveops and other programs write them, and with shared strings, as Excel does.
func benchRead(ctx context.Context, dir string) error {
	for _, b := range []struct{ figure, how string }{{"read", "write"}, {"read-shared", "write-shared"}} {
		path := filepath.Join(dir, b.figure+".xlsx")
		if err := writeBook(ctx, b.how, path); err != nil {
			return err
		}
		took, err := readAll(ctx, path)
		if err != nil {
			return err
		}
		printReads(b.figure, took)
	}
	return nil
}

// readAll reads a workbook with every reader; what they took is by reader and cores. The slow ones read once.
func readAll(ctx context.Context, path string) (map[string]cost, error) {
	reads := []struct {
		name  string
		cores string
		runs  int
	}{
		{"liveops", "1", benchRuns}, {"liveops", "2", benchRuns}, {"inflate", "1", benchRuns}, {"excelize", "1", benchRuns}, {"openpyxl", "1", benchRuns},
	}
	took := map[string]cost{}
	for _, r := range reads {
		var ks []cost
		for range r.runs {
			k, err := readOnce(ctx, r.name, r.cores, path)
			if errors.Is(err, errNoOpenpyxl) {
				fmt.Fprintln(os.Stderr, "bench:", err)
				break
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.name, err)
			}
			ks = append(ks, k)
		}
		if len(ks) > 0 {
			took[r.name+" "+r.cores] = median(ks)
		}
	}
	return took, nil
}

func printReads(figure string, took map[string]cost) {
	one, two, inflate := took["liveops 1"], took["liveops 2"], took["inflate 1"]
	compare := func(name, want string, ours cost, theirs string) {
		if k, ok := took[theirs]; ok {
			fmt.Printf("figure %s-%s: %.1fx (want %s) liveops %s, %s (one run) %s, median of %d, same run\n",
				figure, name, k.wall.Seconds()/ours.wall.Seconds(), want, ours, strings.Fields(theirs)[0], k, benchRuns)
		}
	}
	compare("openpyxl", ">= 16x", one, "openpyxl 1")
	compare("openpyxl-2cores", ">= 24x", two, "openpyxl 1")
	compare("excelize", ">= 13x", one, "excelize 1")
	fmt.Printf("figure %s-inflate: %.1fx (want <= 3x) liveops %s, klauspost's inflate alone %s, median of %d, same run\n",
		figure, one.wall.Seconds()/inflate.wall.Seconds(), one, inflate, benchRuns)
	fmt.Printf("figure %s-memory: %d MB (want <= 80 MB) liveops on two cores, median of %d\n", figure, two.peak>>20, benchRuns)
}

var errNoOpenpyxl = errors.New("openpyxl is not installed (apt-get install python3-openpyxl): not compared")

// openpyxlReads reads every cell as studios' scripts do.
const openpyxlReads = `
import openpyxl, sys
n = 0
for sheet in openpyxl.load_workbook(sys.argv[1], read_only=True).worksheets:
    for row in sheet.iter_rows(values_only=True):
        for value in row:
            if value is not None: n += 1
print(n)
`

// readOnce reads the workbook in a process and checks that it saw every cell.
func readOnce(ctx context.Context, name, cores, path string) (cost, error) {
	c := exec.CommandContext(ctx, os.Args[0], path)
	if name == "openpyxl" {
		if exec.CommandContext(ctx, "/usr/bin/python3", "-c", "import openpyxl").Run() != nil {
			return cost{}, errNoOpenpyxl
		}
		c = exec.CommandContext(ctx, "/usr/bin/python3", "-c", openpyxlReads, path)
	}
	c.Env = append(os.Environ(), readerSetting+"="+name, "GOMAXPROCS="+cores)
	var out bytes.Buffer
	k, err := timedTo(c, &out)
	if err != nil {
		return k, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(out.String()))
	if want := benchSheets * (benchRows + 1) * 12; err != nil || name != "inflate" && n != want {
		return k, fmt.Errorf("it read %q cells, the workbook has %d", out.String(), want)
	}
	return k, nil
}

// writeBook writes the workbook in a process of its own.
func writeBook(ctx context.Context, how, path string) error {
	c := exec.CommandContext(ctx, os.Args[0], path)
	c.Env = append(os.Environ(), readerSetting+"="+how)
	c.Stderr = os.Stderr
	return c.Run()
}

// readerProcess is what such a process does.
func readerProcess(how, path string) error {
	switch how {
	case "write", "write-shared":
		var b bytes.Buffer
		if err := xlsx.Write(&b, benchBook()); err != nil {
			return err
		}
		data := b.Bytes()
		if how == "write-shared" {
			var err error
			if data, err = shareStrings(data); err != nil {
				return err
			}
		}
		return os.WriteFile(path, data, 0o644)
	case "touch-part", "touch-whole":
		return touchProcess(path, how == "touch-whole")
	case "purge-standin":
		return purgeStandinProcess()
	case purgeByLiveops, purgeByBulk, purgeByGo:
		return purgeProcess(how, path)
	case "rows":
		n, err := readRowsAlone(path)
		fmt.Println(n)
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	n, err := readers[how](data)
	fmt.Println(n)
	return err
}

// readLiveops reads the sheets beside one another, on as many cores as there may be; readLiveopsInTurn one after
// another.
func readLiveops(data []byte) (int, error)       { return readSheets(data, runtime.GOMAXPROCS(0)) }
func readLiveopsInTurn(data []byte) (int, error) { return readSheets(data, 1) }

func readSheets(data []byte, together int) (int, error) {
	book, err := xlsx.Open("bench.xlsx", data, xlsx.Limits{})
	if err != nil {
		return 0, err
	}
	counts := make([]int, len(book.Sheets))
	sums := make([]uint64, len(book.Sheets))
	seed := maphash.MakeSeed()
	var g errgroup.Group
	g.SetLimit(together)
	for i := range book.Sheets {
		g.Go(func() (err error) {
			counts[i], sums[i], err = readSheet(&book.Sheets[i], seed)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	n := 0
	for i := range counts {
		n += counts[i]
		if sums[i] == 0 {
			return 0, fmt.Errorf("sheet %d sums to nothing", i)
		}
	}
	return n, nil
}

func readSheet(s *datasheets.Sheet, seed maphash.Seed) (n int, sum uint64, err error) {
	for row, err := range s.Rows {
		if err != nil {
			return n, sum, err
		}
		for _, c := range row.Cells {
			n++
			sum += maphash.Bytes(seed, c.Text)
		}
	}
	return n, sum, nil
}

func readExcelize(data []byte) (int, error) {
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true})
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n := 0
	for _, name := range f.GetSheetList() {
		rows, err := f.Rows(name)
		if err != nil {
			return n, err
		}
		for rows.Next() {
			values, err := rows.Columns(excelize.Options{RawCellValue: true})
			if err != nil {
				return n, err
			}
			for _, v := range values {
				if v != "" {
					n++
				}
			}
		}
		if err := rows.Close(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// readInflate only inflates, and sums what comes out.
func readInflate(data []byte) (int, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, err
	}
	z.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return flate.NewReader(r) })
	var total int64
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return 0, err
		}
		n, err := io.Copy(io.Discard, r)
		if err != nil {
			return 0, err
		}
		total += n
		if err := r.Close(); err != nil {
			return 0, err
		}
	}
	return int(total), nil
}
