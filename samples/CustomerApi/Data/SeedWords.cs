namespace CustomerApi.Data;

/// <summary>What the generated data is made of. The order matters: it decides which customer gets which name.</summary>
internal static class SeedWords
{
    public static readonly (string Subdomain, string Name)[] Tenants =
    [
        ("demo", "Demo Pet Resort"),
        ("acme", "Acme Animal Clinic"),
        ("barkside", "Barkside Boarding"),
        ("whiskers", "Whiskers & Friends"),
        ("northpaw", "North Paw Daycare"),
    ];

    /// <summary>As written, and as spelt in an e-mail address.</summary>
    public static readonly (string Name, string Ascii)[] FirstNames =
    [
        ("Maria", "maria"), ("James", "james"), ("Aisha", "aisha"), ("Chen", "chen"), ("Zoë", "zoe"), ("Lukas", "lukas"),
        ("Priya", "priya"), ("José", "jose"), ("Hannah", "hannah"), ("Omar", "omar"), ("Ingrid", "ingrid"), ("Kwame", "kwame"),
        ("Sofia", "sofia"), ("Daniel", "daniel"), ("Yuki", "yuki"), ("Fatima", "fatima"), ("Noah", "noah"), ("Elena", "elena"),
        ("Mateo", "mateo"), ("Grace", "grace"), ("Łukasz", "lukasz"), ("Amara", "amara"), ("Oliver", "oliver"), ("Mei", "mei"),
        ("Søren", "soren"), ("Leila", "leila"), ("Thomas", "thomas"), ("Nia", "nia"), ("Viktor", "viktor"), ("Chloé", "chloe"),
    ];

    public static readonly (string Name, string Ascii)[] LastNames =
    [
        ("Garcia", "garcia"), ("Smith", "smith"), ("Khan", "khan"), ("Wang", "wang"), ("Müller", "mueller"), ("O'Brien", "obrien"),
        ("Patel", "patel"), ("Silva", "silva"), ("Johnson", "johnson"), ("Haddad", "haddad"), ("Larsen", "larsen"),
        ("Mensah", "mensah"), ("Rossi", "rossi"), ("Cohen", "cohen"), ("Tanaka", "tanaka"), ("Ali", "ali"), ("Brown", "brown"),
        ("Petrova", "petrova"), ("Fernández", "fernandez"), ("Williams", "williams"), ("Nowak", "nowak"), ("Okafor", "okafor"),
        ("Taylor", "taylor"), ("Zhang", "zhang"), ("Dubois", "dubois"), ("Moreau", "moreau"), ("Novák", "novak"),
        ("Svensson", "svensson"), ("de Vries", "devries"), ("Kowalski", "kowalski"),
    ];

    public static readonly string[] Streets =
    [
        "Maple Street", "Oak Avenue", "Harbour Road", "Mill Lane", "Station Road", "Park View", "Cedar Court", "Hill Street",
        "Church Lane", "River Walk", "Elm Drive", "Orchard Close", "Bridge Street", "Meadow Way",
    ];

    public static readonly (string City, string PostalCode)[] Cities =
    [
        ("Portland", "97205"), ("Boulder", "80302"), ("Madison", "53703"), ("Asheville", "28801"), ("Burlington", "05401"),
        ("Santa Fe", "87501"), ("Savannah", "31401"), ("Ann Arbor", "48104"),
    ];

    public static readonly string[] Notes =
    [
        "Prefers text messages.", "Pays monthly.", "Gate code at reception.", "Allergic to lilies, no flowers at pick-up.",
        "Second contact: neighbour.", "Asks for a photo every evening.", "Usually late on Fridays.",
    ];

    public static readonly string[] PetNames =
    [
        "Luna", "Bella", "Max", "Charlie", "Milo", "Coco", "Rocky", "Daisy", "Simba", "Nala", "Oscar", "Pepper", "Biscuit",
        "Ziggy", "Pumpkin", "Sir Barksalot", "Mochi", "Olive", "Shadow", "Poppy", "Ginger", "Pixel",
    ];

    public static readonly (string Species, string[] Breeds)[] Species =
    [
        ("dog", ["Labrador Retriever", "Beagle", "Border Collie", "Dachshund", "Poodle", "Mixed"]),
        ("dog", ["German Shepherd", "Whippet", "Corgi", "Shiba Inu", "Mixed"]),
        ("cat", ["Domestic Shorthair", "Siamese", "Maine Coon", "British Shorthair", "Bengal"]),
        ("cat", ["Domestic Longhair", "Ragdoll", "Norwegian Forest Cat"]),
        ("rabbit", ["Holland Lop", "Netherland Dwarf", "Rex"]),
        ("bird", ["Cockatiel", "Budgerigar", "African Grey"]),
    ];

    public static readonly (string Name, string Description, int PriceCents, int DurationMinutes)[] Services =
    [
        ("Day care", "Play, rest and company from eight to six.", 3_500, 600),
        ("Boarding", "A night with us, per night.", 5_500, 1_440),
        ("Bath and brush", "Bath, brush, ears and nails.", 4_200, 60),
        ("Full groom", "Bath, cut and finish.", 7_800, 120),
        ("Nail trim", "Nails only, while you wait.", 1_500, 15),
        ("Walk", "Half an hour around the park.", 1_800, 30),
        ("Puppy class", "Six lessons in a small group.", 12_000, 45),
        ("Check-up", "A look by our nurse.", 3_900, 20),
        ("Pick-up and drop-off", "Within ten miles.", 2_200, 40),
    ];

    public static readonly string[] Roles = ["groomer", "carer", "trainer", "nurse", "front desk", "driver"];

    public static readonly string[] Statuses = ["BOOKED", "BOOKED", "CONFIRMED", "CHECKED_IN", "COMPLETED", "CANCELLED"];
}
