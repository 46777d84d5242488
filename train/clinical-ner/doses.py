# SPDX-License-Identifier: Apache-2.0
"""Every dose and frequency that a note may have, put together from their parts."""
import itertools

AMOUNTS = {
    "mg": ("0.25 0.4 0.5 0.625 1 1.25 2 2.5 3 4 5 6.25 7.5 8 10 12.5 15 20 25 30 37.5 40 50 60 75 80"
           " 81 90 100 120 125 150 160 162 180 200 240 250 300 325 350 400 450 500 600 625 650 750"
           " 800 850 875 900 1000 1,000 1200 1500 2000"),
    "mcg": "2.5 5 10 12.5 18 25 37.5 44 50 62.5 75 88 100 110 112 125 137 150 175 200 220 250 400 500",
    "g": "0.5 1 1.5 2 3 4 4.5 10 15 17 20 50", "gm": "1 2 3", "grams": "1 2 25",
    "units": "2 3 4 5 6 8 10 12 14 15 16 18 20 22 24 25 28 30 32 36 40 44 50 60 5000 10,000",
    "IU": "400 800 1000 2000 50000", "mL": "1 2 2.5 5 7.5 10 15 20 30 50 60 100 250 500 1000",
    "ml": "2 5 10 15 30", "mEq": "10 20 30 40 60", "mmol": "10 20 40", "L": "1 2 3 4 6 10 15",
    "L/min": "1 2 3 4 6", "mg/kg": "0.1 0.15 0.5 0.6 1 2 5 7.5 10 15 20 30 40 45 50 80 90",
    "mcg/kg/min": "0.05 0.1 0.5 2 5 10 20 25 50 75", "mg/hr": "1 2 5 8 10", "mg/h": "2 4 20",
    "mcg/hr": "12 25 50 75 100", "mL/hr": "50 75 100 125", "units/hr": "12 18 1000",
    "mg/m2": "50 75 85 100 130", "mg/day": "20 60 100 300", "%": "0.1 0.5 1 2 2.5 5",
    "milligrams": "5 10 100 250 500", "micrograms": "50 100 200",
    "mg/mL": "1 2 5", "mg/5 mL": "125 160 250 400",
}
COUNTS = ("1", "2", "3", "4", "one", "two", "three", "half a", "1-2", "1 to 2", "one to two", "a", "½")
FORMS = ("tablet", "tablets", "tab", "tabs", "capsule", "capsules", "caps", "puff", "puffs", "drop",
         "drops", "gtt", "spray", "sprays", "patch", "patches", "teaspoon", "tsp", "tablespoon",
         "pill", "pills", "ampule", "vial", "sachet", "amp", "suppository", "lozenge", "packet")

TIMES = ("once", "twice", "three times", "four times", "2 times", "3 times", "two times", "4 x", "2x")
PERIODS = ("daily", "a day", "per day", "each day", "weekly", "a week", "per week", "every day",
           "a month", "/day")
EVERY = ("4", "6", "8", "12", "24", "2", "3", "1", "48", "72", "four", "six", "eight", "twelve",
         "two", "4-6", "4 to 6", "6-8", "four to six", "2-4", "6 to 8")
HOURS = ("hours", "hrs", "h", "hr")
OTHERS = (
    "daily", "BID", "b.i.d.", "TID", "t.i.d.", "QID", "q.i.d.", "QD", "q.d.", "OD", "BD", "TDS", "QDS",
    "QHS", "qam", "qpm", "QOD", "nightly", "hourly", "weekly", "monthly", "PRN", "as needed", "once",
    "every morning", "every evening", "every night", "every day", "every other day", "every week",
    "every two weeks", "every 2 weeks", "every 3 months", "every month", "every Monday", "on Mondays",
    "every Sunday", "every hour", "every third day", "each morning", "each evening", "each night",
    "in the morning", "in the evening", "in the afternoon", "at bedtime", "at night", "before bed",
    "at noon", "before meals", "after meals", "with meals", "with food", "with breakfast",
    "with dinner", "with lunch", "before breakfast", "before dinner", "after breakfast", "nocte",
    "mane", "at breakfast", "with each meal", "with every meal", "when needed", "if needed",
    "as required", "on waking", "every other night", "on alternate days", "q week", "qwk", "q day",
    "once nightly", "once every week", "biweekly", "twice nightly", "on demand", "ac", "pc",
    "before sleep", "at lunchtime", "prn", "stat", "a.c.", "h.s.", "qhs prn", "every 4th hour",
    "in the morning and at night", "morning and evening", "three times every week", "once per week",
    "at 8 am", "every Tuesday and Friday", "with supper", "first thing in the morning",
)
LOW = ("1", "2", "4", "5", "10")
MEALS = ("with food", "with meals", "before meals", "after meals", "at bedtime", "with water")
NEED = ("as needed", "prn", "PRN", "if needed", "as required")


def doses() -> list[str]:
    measured = [f"{amount} {unit}" for unit, amounts in AMOUNTS.items()
                for amount in amounts.split()]
    ranges = [f"{low}{mark}{high} {unit}" for low, high in itertools.combinations(LOW, 2)
              for mark in ("-", " to ") for unit in ("mg", "puffs", "tablets", "units", "mL")]
    counted = [f"{count} {form}" for count in COUNTS for form in FORMS]
    return sorted(set(measured + ranges + counted))


def frequencies() -> list[str]:
    counted = [f"{times} {period}" for times in TIMES for period in PERIODS]
    spelled = [f"every {number} {unit}" for number in EVERY for unit in HOURS]
    short = [f"q{gap}{number}{space}{unit}" for number in EVERY if number[0].isdigit()
             for gap in ("", " ") for space in ("", " ") for unit in ("h", "hr", "hrs", "hours")]
    return sorted(set(counted + spelled + short) | set(OTHERS))
