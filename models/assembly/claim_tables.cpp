// What a claim's file can say.
#include "models/assembly/claim.hpp"

namespace lustrum {

const ParameterTable& ClaimRowText::parameters() {
  using R = ClaimRowText;
  static const ParameterTable table{
      {.key = "claim",
       .field = field<&R::claim>,
       .default_text = kRequired,
       .doc = "Its number, or several: `A7 003-3`."},
      {.key = "name",
       .field = field<&R::name>,
       .default_text = kRequired,
       .doc = "What the figure is."},
      {.key = "stated",
       .field = field<&R::stated>,
       .default_text = kRequired,
       .doc = "The published figure: `15`, `5 to 15`, `at least 13` or `at most 10`."},
      {.key = "correct",
       .field = field<&R::correct>,
       .default_text = "",
       .doc = "The correct figure, where the published one does not follow from its own inputs; "
              "the note tells why."},
      {.key = "unit", .field = field<&R::unit>, .default_text = "", .doc = "Of both."},
      {.key = "formula",
       .field = field<&R::formula>,
       .default_text = kRequired,
       .doc = "Arithmetic on inputs, catalog figures, bills and numbers of runs."},
      {.key = "tolerance",
       .field = field<&R::tolerance>,
       .default_text = "5 %",
       .min = 0,
       .max = 10,
       .doc = "How far off a single number may be."},
      {.key = "fitted",
       .field = field<&R::fitted>,
       .default_text = "false",
       .doc = "An input was chosen to meet this row: that it is met proves nothing."},
      {.key = "note",
       .field = field<&R::note>,
       .default_text = "",
       .doc = "Why the figure differs, or what is wrong with the published one."},
  };
  return table;
}

const ParameterTable& ClaimRun::parameters() {
  static const ParameterTable table{
      {.key = "scenario",
       .field = field<&ClaimRun::scenario>,
       .default_text = kRequired,
       .doc = "The file of a scenario, from the folder of the claim."},
      {.key = "design",
       .field = field<&ClaimRun::design>,
       .default_text = "",
       .doc = "The file of a design to put under it."},
  };
  return table;
}

const ParameterTable& ClaimBill::parameters() {
  using B = ClaimBill;
  static const ParameterTable table{
      {.key = "region",
       .field = field<&B::region>,
       .default_text = "us-east-1",
       .doc = "Of the price lists."},
      {.key = "date",
       .field = field<&B::date>,
       .default_text = "",
       .doc = "Prices as of this date; empty: the newest."},
      {.key = "hours",
       .field = field<&B::hours>,
       .default_text = kRequired,
       .min = 0,
       .doc = "For how long the things are held."},
      {.key = "hours_per_month",
       .field = field<&B::hours_per_month>,
       .default_text = "720",
       .min = 1,
       .max = 744,
       .doc = "Hours of a month: publications count 30 days."},
      {.key = "charges",
       .field = field<&B::charges>,
       .default_text = "[]",
       .doc = "Amount, product and component each: `1200 fsx_scratch_2 capacity`; for a price of "
              "one's own `... at 0.14 USD/GB-month`."},
  };
  return table;
}

const ParameterTable& Claim::parameters() {
  static const ParameterTable table{
      {.key = "title",
       .field = field<&Claim::title>,
       .default_text = kRequired,
       .doc = "What is claimed."},
      {.key = "source",
       .field = field<&Claim::source>,
       .default_text = kRequired,
       .doc = "Where it was published."},
      {.key = "chosen",
       .field = field<&Claim::chosen>,
       .default_text = kRequired,
       .doc = "What the publication leaves open, and what was taken for it; `nothing`."},
  };
  return table;
}

} // namespace lustrum
