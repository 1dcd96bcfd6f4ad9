package ablation

import "time"

// Spending is what a sweep that goes on has used of what bounds it.
type Spending struct {
	Sweep       string
	Budget      Budget
	DeviceHours float64            // of all its attempts, each with one device: a GPU, or the processor where there is none
	ByDevice    map[string]float64 // the same by the devices' names; empty for attempts that haven't said theirs
	ClosesAt    *time.Time         // when its runs must have left; nil: nothing bounds them
}

// Hours is how many device-hours a budget buys at a price, 0 for no bound.
func (b Budget) Hours(yenPerHour float64) float64 {
	if b.Yen == 0 || yenPerHour == 0 {
		return b.GPUHours
	}
	if hours := b.Yen / yenPerHour; b.GPUHours == 0 || hours < b.GPUHours {
		return hours
	}
	return b.GPUHours
}

// Price is what an hour of the devices that were used costs in yen, on average; of one that nobody has used yet, what any other
// costs. 0 where that isn't known.
func (s Spending) Price(d Devices) float64 {
	if s.DeviceHours == 0 {
		return d.YenPerHour
	}
	yen := 0.0
	for name, hours := range s.ByDevice {
		yen += hours * d.Price(name)
	}
	return yen / s.DeviceHours
}

// Over reports whether the sweep has to stop at now.
func (s Spending) Over(now time.Time, yenPerHour float64) bool {
	if s.ClosesAt != nil && !now.Before(*s.ClosesAt) {
		return true
	}
	bound := s.Budget.Hours(yenPerHour)
	return bound > 0 && s.DeviceHours >= bound
}
