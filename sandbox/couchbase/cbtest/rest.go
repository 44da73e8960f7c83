package cbtest

func queries() []check { return nil }
