package health

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"liveops/datarepo"
)

// answer is what Prometheus answers to an instant query
// (https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries).
type answer struct {
	Status string `json:"status"`
	Data   struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	} `json:"data"`
}

// judge says whether what a query found is within the guard's bounds. What finds nothing is not healthy: a query
// that is wrong, or a game that tells nothing any more, finds nothing too.
func judge(body []byte, p *datarepo.Prometheus) error {
	if len(body) >= mostBody {
		return errors.New("its query finds too much: sum it up")
	}
	values, err := valuesOf(body)
	if err != nil {
		return err
	}
	if len(values) == 0 {
		return errors.New("its query finds nothing")
	}
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			return errors.New("it is not a number")
		case p.Min != nil && v < *p.Min:
			return fmt.Errorf("it is %s, below %s", number(v), number(*p.Min))
		case p.Max != nil && v > *p.Max:
			return fmt.Errorf("it is %s, above %s", number(v), number(*p.Max))
		}
	}
	return nil
}

// valuesOf are the numbers of an answer: one of a scalar, and one of each series.
func valuesOf(body []byte) ([]float64, error) {
	odd := errors.New("it answers otherwise than Prometheus does")
	var a answer
	if err := json.Unmarshal(body, &a); err != nil || a.Status != "success" {
		return nil, odd
	}
	var pairs [][2]json.RawMessage // each a time and, as text, a value
	switch a.Data.Type {
	case "scalar":
		pairs = make([][2]json.RawMessage, 1)
		if err := json.Unmarshal(a.Data.Result, &pairs[0]); err != nil {
			return nil, odd
		}
	case "vector":
		var series []struct{ Value [2]json.RawMessage }
		if err := json.Unmarshal(a.Data.Result, &series); err != nil {
			return nil, odd
		}
		for _, s := range series {
			pairs = append(pairs, s.Value)
		}
	default:
		return nil, odd
	}
	var values []float64
	for _, p := range pairs {
		var text string
		if err := json.Unmarshal(p[1], &text); err != nil {
			return nil, odd
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, odd
		}
		values = append(values, v)
	}
	return values, nil
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', 6, 64) }
