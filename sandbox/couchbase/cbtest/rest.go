package cbtest

func collections() []check { return nil }
func views() []check       { return nil }
func queries() []check     { return nil }
