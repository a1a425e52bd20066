namespace CustomerApi.Diagnostics;

/// <summary>What a SQL statement was for; each execution counts once.</summary>
internal enum QueryKind
{
    /// <summary>One customer joined with the pets: GET /api/customers/{id}, and nothing else.</summary>
    CustomerById,
    CustomerList,
    CustomerCount,
    CustomerSearch,
    CustomerNumber,
    CustomerInsert,
    CustomerUpdate,
    CustomerDelete,
    PetsOfCustomer,
    PetInsert,
    PetById,
    PetWrite,
    ServiceList,
    ServiceById,
    ServiceWrite,
    StaffList,
    StaffById,
    StaffWrite,
    ReservationById,
    ReservationWrite,
    TenantList,
    TenantBySubdomain,
    TenantWrite,
}
