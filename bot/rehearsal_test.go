package bot_test

import "testing"

// What staging would refuse, and what the data tests find, is known before the merge.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	const expensive = "-- Nothing costs a fortune\nSELECT id, price FROM items WHERE price > 1000;\n"
	w := newWorld(t, options{})
	w.envs["staging"].exec(w, "CREATE UNIQUE INDEX one_name ON items (name)")

	fine := w.planned("fine", files{itemsPath: items(winterItems), "checks/prices.sql": []byte(expensive)})
	w.says(w.plan(fine), "Rehearsed on staging", "1 data test", "rolled back")
	w.rows(firstItems, firstItems)

	twice := w.planned("twice", files{itemsPath: items("1 Sword B 100, 2 Bow A 250, 3 Staff C 90, 9 Sword A 5")})
	w.says(w.plan(twice), "1 problem to fix", "rehearsed, this is refused", "one_name")
	w.status(w.repo.Tip("twice"), "failure", "1 problem")

	dear := w.planned("dear", files{itemsPath: items("1 Sword B 5000, 2 Bow A 250, 3 Staff C 90"), "checks/prices.sql": []byte(expensive)})
	w.says(w.plan(dear), "1 problem to fix", "checks/prices.sql", "Nothing costs a fortune", "price=5000")
	w.merge(dear)
	w.settle()
	w.says(w.told(dear), "stopped at staging")
	w.rows(firstItems, firstItems)
}
